"""Rendering: the same bits each time, levels as the playlist has them, the tail kept."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from note_seq.protobuf import music_pb2

from latentfm.audio import gate, loudness
from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.errors import RenderError, SoundFontError
from latentfm.music import expression
from latentfm.playlist import Mix, Playlist, Voice
from latentfm.render.events import Note
from latentfm.render.levels import REGISTERS
from latentfm.render.master import master
from latentfm.render.render import TAIL_SECONDS, VOICE_LUFS, render
from latentfm.render.synth import Synth

LEAD, PAD, BASS, DRUMS = range(4)
WOODBLOCK, BARITONE_SAX = 115, 67
Sequence = music_pb2.NoteSequence
Maker = Callable[..., Sequence]


def with_lead(playlist: Playlist, **changed: object) -> Playlist:
    """Return the playlist with another lead."""
    lead = Voice.model_validate(playlist.voices[0].model_dump() | changed)
    return playlist.model_copy(update={"voices": (lead, *playlist.voices[1:])})


def test_the_same_section_has_the_same_bits_in_another_process(
    section: Sequence, playlist: Playlist, tmp_path: Path
) -> None:
    """Two processes render one section, with reverb, chorus and drums, to the same bits."""
    (tmp_path / "section.pb").write_bytes(section.SerializeToString())
    (tmp_path / "playlist.json").write_text(playlist.model_dump_json())
    code = (
        "import hashlib, pathlib, sys\n"
        "from latentfm.noteseq import NoteSequence\n"
        "from latentfm.playlist import Playlist\n"
        "from latentfm.render.render import render\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "section = NoteSequence.FromString((folder / 'section.pb').read_bytes())\n"
        "playlist = Playlist.model_validate_json((folder / 'playlist.json').read_text())\n"
        "print(hashlib.sha256(render(section, playlist).tobytes()).hexdigest())\n"
    )
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "daemon")}
    other = subprocess.run([sys.executable, "-c", code, tmp_path], check=True, capture_output=True, text=True, env=env)
    assert other.stdout.strip() == hashlib.sha256(render(section, playlist).tobytes()).hexdigest()


def test_a_section_keeps_its_tail_and_ends_in_silence(section: Sequence, playlist: Playlist) -> None:
    """The reverb rings past the last note, fades to zero, and leaves no silence that a gate would refuse."""
    pcm = render(section, playlist)
    seconds = len(pcm) / SAMPLE_RATE
    assert pcm.dtype == np.float32
    assert pcm.shape[1] == 2
    assert section.total_time + 0.25 <= seconds <= section.total_time + TAIL_SECONDS
    assert not pcm[-1].any()
    assert loudness.sample_peak(pcm[-4800:]) < -50
    assert gate.longest_silence(pcm) < 0.5


def test_a_soft_mood_ends_no_later_than_it_is_heard(section: Sequence, playlist: Playlist) -> None:
    """Of a mood that is mastered softer more of the tail is silence, and that is not kept."""
    soft = playlist.model_copy(update={"mix": Mix(loudness_offset=-3.0)})
    pcm, _ = master(render(section, soft), -19.0)
    assert len(pcm) / SAMPLE_RATE > section.total_time + 0.25
    assert gate.longest_silence(pcm) < 0.2


def test_a_bigger_room_rings_longer(sequence: Maker, playlist: Playlist) -> None:
    """The playlist's room sets the length of the tail, up to its limit."""
    hit, ensemble = sequence([(LEAD, 72, 0.0, 0.2)]), with_lead(playlist, program=WOODBLOCK, reverb=0.8)
    lengths = [
        len(render(hit, ensemble.model_copy(update={"mix": Mix(room=room)}))) / SAMPLE_RATE for room in (0.1, 0.8, 1.0)
    ]
    assert lengths[0] < lengths[1] < lengths[2] <= 0.2 + TAIL_SECONDS


def test_a_length_may_be_asked_for(section: Sequence, playlist: Playlist) -> None:
    """With ``seconds`` exactly that much is rendered, and what is common to both is the same."""
    short = render(section, playlist, seconds=3.0)
    assert len(short) == 3 * SAMPLE_RATE
    assert np.array_equal(short[: 2 * SAMPLE_RATE], render(section, playlist)[: 2 * SAMPLE_RATE])


def test_a_rest_at_the_end_counts(sequence: Maker, playlist: Playlist) -> None:
    """A section is as long as its total time, whatever its last note."""
    assert len(render(sequence([(LEAD, 72, 0.0, 0.2)], total_time=5.0), playlist)) >= 5 * SAMPLE_RATE


@pytest.mark.parametrize("program", [0, 11, 13, 48, 73, 89])
@pytest.mark.parametrize("level", [0.0, -8.0])
def test_a_voice_has_the_level_that_the_playlist_gives_it(
    program: int, level: float, sequence: Maker, playlist: Playlist
) -> None:
    """Programs that differ by over 10 dB all have the calibrated loudness, within 0.5 LU, plus their voice's level.

    It is that of short notes or of a held one, whichever is louder.
    """
    middle = REGISTERS[1]
    short = [(LEAD, middle + shift, turn * 0.6, turn * 0.6 + 0.55) for turn, shift in enumerate((-5, 0, 4, 7))]
    ensemble = with_lead(playlist, program=program, level=level, reverb=0.0, low=middle - 12, high=middle + 12)
    lufs = max(
        loudness.integrated(render(sequence(notes), ensemble, seconds=notes[-1][3] + 0.4))
        for notes in (short, [(LEAD, middle, 0.0, 4.0)])
    )
    assert lufs == pytest.approx(VOICE_LUFS + level, abs=0.5)


def test_a_pads_level_is_that_of_its_whole_chord(sequence: Maker, playlist: Playlist) -> None:
    """Four parts of a pad together are as loud as one note of another voice of the same level."""
    chord = sequence([(PAD, pitch, 0.0, 4.0) for pitch in (48, 55, 60, 64)])
    one = sequence([(LEAD, 57, 0.0, 4.0)])
    pad = playlist.voices[PAD].model_copy(update={"reverb": 0.0, "chorus": 0.0, "level": -3.0})
    lead = Voice.model_validate(pad.model_dump() | {"role": "lead"})
    ensemble = playlist.model_copy(update={"voices": (lead, pad, *playlist.voices[2:])})
    levels = [loudness.integrated(render(notes, ensemble, seconds=4.4)) for notes in (chord, one)]
    assert levels[0] == pytest.approx(levels[1], abs=2.0)


def test_a_voice_swells(sequence: Maker, playlist: Playlist) -> None:
    """Expression moves a voice, in its middle it has the playlist's level, and other voices stay as they are."""
    plain = sequence([(LEAD, 60, 0.0, 6.0)])
    swelling = sequence([(LEAD, 60, 0.0, 6.0)])
    for time, level in ((0.0, 0.0), (3.0, 6.0)):
        swelling.control_changes.add(
            time=time, control_number=expression.CONTROLLER, control_value=expression.value(level), instrument=LEAD
        )
    ensemble = with_lead(playlist, program=19, reverb=0.0, low=48, high=72)
    steady, moved = (render(notes, ensemble, seconds=6.0) for notes in (plain, swelling))
    second = SAMPLE_RATE
    early, late = (
        loudness.integrated(moved[at : at + 2 * second]) - loudness.integrated(steady[at : at + 2 * second])
        for at in (second // 2, 7 * second // 2)
    )
    assert early == pytest.approx(0.0, abs=0.2)
    assert late == pytest.approx(6.0, abs=0.3)


def test_a_voice_keeps_its_level_beside_others(section: Sequence, sequence: Maker, playlist: Playlist) -> None:
    """Voices do not change one another: the ensemble is the sum of its dry voices."""
    voices = tuple(voice.model_copy(update={"reverb": 0.0, "chorus": 0.0}) for voice in playlist.voices)
    dry = playlist.model_copy(update={"voices": voices})
    total = render(section, dry, seconds=8.0)
    alone = [
        render(
            sequence([(v, n.pitch, n.start_time, n.end_time) for n in section.notes if n.instrument == v]),
            dry,
            seconds=8.0,
        )
        for v in (LEAD, PAD, BASS, DRUMS)
    ]
    difference = total - np.sum(alone, axis=0)
    assert np.std(difference) < 0.015 * np.std(total)  # a tenth of a decibel is 0.012


def test_drums_play_the_kit_on_a_channel_of_their_own(sequence: Maker, playlist: Playlist, font: Path) -> None:
    """A drum voice plays bank 128, not a melodic program, though it is not on MIDI's channel 10."""
    kit = playlist.model_copy(
        update={"voices": (*playlist.voices[:3], playlist.voices[3].model_copy(update={"pan": 0.0, "reverb": 0.0}))}
    )
    rendered = render(sequence([(DRUMS, 38, 0.0, 0.2)]), kit, seconds=0.5)[:20_000]
    with Synth() as synth:
        direct = synth.play([Note(synth.add_channel(font, 128, 0), 38, 80, 0, 9600)], 20_000)
    assert np.corrcoef(rendered[:, 0], direct[:, 0])[0, 1] > 0.9999


def test_several_soundfonts_play_together(sequence: Maker, playlist: Playlist, font: Path, tmp_path: Path) -> None:
    """A voice may name another font by its path, and both sound."""
    (tmp_path / "other.sf2").symlink_to(font)
    ensemble = with_lead(playlist, soundfont=str(tmp_path / "other.sf2"))
    notes = [(LEAD, 72, 0.0, 0.5), (PAD, 60, 1.0, 2.0)]
    assert np.allclose(
        render(sequence(notes), ensemble, seconds=2.0), render(sequence(notes), playlist, seconds=2.0), atol=1e-6
    )


def test_what_cannot_be_rendered_says_why(sequence: Maker, playlist: Playlist) -> None:
    """No notes, notes of no voice, a missing font and a missing program are errors that name it."""
    hit = sequence([(LEAD, 72, 0.0, 0.2)])
    with pytest.raises(RenderError, match="without notes"):
        render(music_pb2.NoteSequence(), playlist)
    with pytest.raises(RenderError, match=r"instruments \[9\], and the playlist has 4 voices"):
        render(sequence([(9, 72, 0.0, 0.2)]), playlist)
    with pytest.raises(RenderError, match="end before they begin"):
        render(sequence([(LEAD, 72, 1.0, 0.2)]), playlist)
    with pytest.raises(RenderError, match="nothing sounds"):
        render(sequence([(LEAD, 120, 0.0, 0.2)]), with_lead(playlist, program=BARITONE_SAX))
    with pytest.raises(SoundFontError, match="'absent'"):
        render(hit, with_lead(playlist, soundfont="absent"))
    with pytest.raises(SoundFontError, match="no program 3 in bank 77"):
        render(hit, with_lead(playlist, bank=77, program=3))
