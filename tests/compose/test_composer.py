"""Sections composed with the models that ship."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import note_seq
import numpy as np
import pytest
from note_seq.protobuf.music_pb2 import NoteSequence

from latentfm import midi_file
from latentfm.brief import Brief, Carry
from latentfm.compose import Section, bounds, compose
from latentfm.errors import ComposeError
from latentfm.music import chords, keys, melody
from latentfm.music.note import Note, shift
from latentfm.playlist import Playlist

CHAIN = 4
SCRIPT = """
import sys
from latentfm.brief import Brief
from latentfm.compose import compose
from note_seq import midi_io
import hashlib, io
section = compose(Brief.model_validate_json(sys.stdin.read()))
file = io.BytesIO()
midi_io.note_sequence_to_pretty_midi(section.sequence).write(file)
print(hashlib.sha256(file.getvalue()).hexdigest(), section.carry.model_dump_json())
"""


@pytest.fixture(scope="module")
def chain(day: Playlist) -> list[Section]:
    """Sections of the day, each from the carry of the one before."""
    made: list[Section] = []
    for seed in range(CHAIN):
        carry = Carry.model_validate_json(made[-1].carry.model_dump_json()) if made else None
        made.append(compose(Brief(seed=seed, playlist=day, carry=carry)))
    return made


def of_role(section: Section, role: str) -> list[NoteSequence.Note]:
    """Return the notes of a role."""
    (instrument,) = [info.instrument for info in section.sequence.instrument_infos if info.name == role]
    return [note for note in section.sequence.notes if note.instrument == instrument]


def test_one_brief_is_one_section(day: Playlist) -> None:
    """The same brief gives the same MIDI bytes and the same carry in two processes with different hash seeds."""
    brief = Brief(seed=7, playlist=day).model_dump_json()
    printed = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SCRIPT],
            input=brief,
            text=True,
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": os.pathsep.join(sys.path)},
        ).stdout.splitlines()[-1]
        for hash_seed in ("1", "2")
    ]
    assert printed[0] == printed[1]
    assert len(printed[0].split()[0]) == len(hashlib.sha256().hexdigest())


def test_another_seed_or_attempt_is_another_section(day: Playlist) -> None:
    """Seeds and attempts give different leads."""
    leads = [
        [(note.pitch, note.start_time) for note in of_role(compose(brief), "lead")]
        for brief in (Brief(seed=1, playlist=day), Brief(seed=2, playlist=day), Brief(seed=1, attempt=1, playlist=day))
    ]
    assert leads[0] != leads[1] != leads[2] != leads[0]


def test_sections_chain(chain: list[Section]) -> None:
    """Each section begins at the latent point where the last one ended, in a related key, on a chord both have."""
    for before, after in pairwise(chain):
        assert np.array_equal(np.float32(after.provenance["walk"][0]), np.float32(before.carry.latent))
        assert np.array_equal(np.float32(before.provenance["walk"][-1]), np.float32(before.carry.latent))
        assert keys.relation(before.key, after.key) != "far"
        assert abs(after.qpm - before.qpm) <= 4.0
        ours = {chord.symbol for chord in chords.triads(before.key)}
        first = after.sequence.text_annotations[0].text
        assert first in ours
        assert before.sequence.text_annotations[-1].text == chords.triad(before.key, 0).symbol
    assert [section.carry.section for section in chain] == list(range(1, CHAIN + 1))


def test_motifs_are_not_heard_twice_in_a_row(chain: list[Section]) -> None:
    """Of a section's motifs at most half are like those of the section before."""
    for before, after in pairwise(chain):
        assert melody.alike_share(after.provenance["motifs"], before.provenance["motifs"]) <= 0.5


def test_an_older_motif_returns_changed(chain: list[Section]) -> None:
    """The third section comes back to an earlier one's motif, in another register, metre or mode, and tells which."""
    recalled, told = chain[2].provenance["recalled"], chain[2].provenance["returned"]
    (idea,) = [idea for idea in chain[1].carry.motifs if list(idea.latent) == recalled]
    assert told["title"] == chain[told["section"]].title
    assert told["tune"] == idea.tune
    assert told["changed"]
    assert chain[0].provenance["returned"] is None


def test_a_section_is_well_formed(chain: list[Section], day: Playlist) -> None:
    """One tempo, metre and key; chords that note-seq reads; instruments, programs, drums as the playlist says."""
    for section in chain:
        sequence = section.sequence
        assert [tempo.qpm for tempo in sequence.tempos] == [section.qpm]
        assert [(time.numerator, time.denominator) for time in sequence.time_signatures] == [(4, 4)]
        assert len(sequence.key_signatures) == 1
        for annotation in sequence.text_annotations:
            assert annotation.annotation_type == NoteSequence.TextAnnotation.CHORD_SYMBOL
            assert note_seq.chord_symbols_lib.chord_symbol_pitches(annotation.text)
        for note in sequence.notes:
            voice = day.voices[note.instrument]
            assert note.program == voice.program
            assert note.is_drum == (voice.role == "drums")
            assert voice.low <= note.pitch <= voice.high
            assert 45 <= note.velocity <= 100
            assert 0 <= note.start_time < note.end_time
        note_seq.quantize_note_sequence(sequence, steps_per_quarter=4)


def test_seams_have_room(chain: list[Section], day: Playlist) -> None:
    """Only pads sound before the head; drums and bass have left at the first out; a crossfade fits before and after."""
    fade = day.mix.crossfade_seconds
    for section in chain:
        assert section.head_seconds >= fade
        assert all(section.seconds - out >= fade - 1e-6 for out in section.out_seconds)
        assert len(section.out_seconds) >= 2
        bar = section.form.bar_seconds
        assert all(out / bar == pytest.approx(round(out / bar)) for out in section.out_seconds)
        for role in ("lead", "bass", "drums", "counter"):
            assert min(note.start_time for note in of_role(section, role)) >= section.head_seconds - 0.02
        for role in ("bass", "drums"):
            assert max(note.end_time for note in of_role(section, role)) <= section.out_seconds[0] + 0.02
        assert section.sequence.total_time >= section.seconds


def test_titles_differ(chain: list[Section]) -> None:
    """Sections have titles of their own, and the carry remembers them."""
    given = tuple(section.title for section in chain)
    assert len(set(given)) == CHAIN
    assert chain[-1].carry.titles == given


@pytest.mark.parametrize("mood", ["dawn", "day", "dusk", "night", "plain"])
def test_every_mood_can_be_composed(moods: dict[str, Playlist], mood: str) -> None:
    """Each mood's section has its length, its voices, its tempo, and keeps the bounds that the code answers for."""
    playlist = moods[mood]
    section = compose(Brief(seed=11, playlist=playlist))
    figures = section.provenance["figures"]["aired"]
    low, high = playlist.form.seconds
    assert low <= section.seconds <= high
    assert playlist.tempo.qpm[0] <= section.qpm <= playlist.tempo.qpm[1]
    assert section.key.mode in playlist.harmony.modes
    assert {note.instrument for note in section.sequence.notes} == set(range(len(playlist.voices)))
    assert figures["in_mode"] >= 0.95
    assert figures["chord_tones"] >= 0.70
    assert figures["longest_semitone"] <= 2
    assert figures["empty_bars"] == 0
    assert figures["longest_unchanged"] <= 4
    assert figures["bass_stuck"] <= bounds(playlist).stuck_bars


def test_moods_follow_each_other(moods: dict[str, Playlist]) -> None:
    """A carry from one mood serves the next; its key is reached over a chord of both, which the section begins on."""
    carry: Carry | None = None
    for name in ("day", "dawn", "dusk", "night"):
        section = compose(Brief(seed=3, playlist=moods[name], carry=carry))
        told = section.provenance["modulation"]
        if carry is None:
            assert told is None
        else:
            assert told["from"] == keys.key_name(carry.key)
            assert told["to"] == keys.key_name(section.key)
            assert told["relation"] == keys.relation(carry.key, section.key)
            assert told["pivot"] == section.sequence.text_annotations[0].text
            assert told["pivot"] in {chord.symbol for chord in chords.triads(section.key)}
            assert chords.same_triad(keys.pivots(carry.key, section.key)[0], chords.triad(carry.key, 0))
        carry = section.carry
    assert carry is not None
    assert carry.drums_latent is not None


@pytest.mark.parametrize(("mood", "seconds"), [("day", (45.0, 60.0)), ("dusk", (45.0, 55.0)), ("dawn", (55.0, 62.0))])
def test_a_length_that_is_asked_for(moods: dict[str, Playlist], mood: str, seconds: tuple[float, float]) -> None:
    """A brief's own length comes before the playlist's; the lead opens, closes and breathes in a short section too."""
    section = compose(Brief(seed=2, playlist=moods[mood], seconds=seconds))
    assert seconds[0] <= section.seconds <= seconds[1]
    assert section.provenance["missed"] == []
    assert {note.instrument for note in section.sequence.notes} >= {0, 1, 2}
    assert section.head_seconds >= moods[mood].mix.crossfade_seconds


def test_the_share_of_each_source_is_told(chain: list[Section]) -> None:
    """Provenance says which share of the bars the walk's motifs, older ones and the RNN's answers have."""
    for section in chain:
        shares = section.provenance["sources"]
        assert sum(shares.values()) == pytest.approx(1.0, abs=0.01)
        assert ("old" in shares) == (section.provenance["returned"] is not None)


@pytest.mark.parametrize(("mood", "sections"), [("day", 3), ("dusk", 1), ("night", 1)])
def test_a_theme_is_heard(moods: dict[str, Playlist], tmp_path: Path, mood: str, sections: int) -> None:
    """The walk visits a MIDI file, here in every second section, and its tune is heard as slowly as the mood reads."""
    path = tmp_path / "theme.mid"
    theme = [64, 64, 65, 67, 67, 65, 64, 62]
    events = [event for pitch in theme for event in (pitch, -2, -2, -2)]
    midi_file.write(note_seq.Melody(events).to_sequence(), path)
    playlist = moods[mood].model_copy(update={"walk": moods[mood].walk.model_copy(update={"anchor_every": 2})})
    step = 4 * playlist.form.motif_stretch
    halves = [[Note(index * step, step, pitch) for index, pitch in enumerate(half)] for half in (theme[:4], theme[4:])]
    whole = [*halves[0], *shift(halves[1], 4 * step)]
    wanted = [melody.fingerprint(part) for part in (halves if mood == "night" else [whole])]  # night reads one bar
    carry: Carry | None = None
    for seed in range(sections):
        section = compose(Brief(seed=seed, playlist=playlist, anchors={str(path): "0" * 64}, carry=carry))
        carry = section.carry
        if seed == 1:
            assert section.provenance["anchor"] == "prior"
            assert section.provenance["theme"] is None
        else:
            assert section.provenance["anchor"] == "theme.mid"
            assert section.provenance["theme"] >= melody.VARIED_SHARE
            assert melody.alike_share(wanted, section.provenance["motifs"]) > 0


def test_other_models_are_refused(day: Playlist, chain: list[Section]) -> None:
    """A brief that names another checksum, or a carry from another latent space, is an error that says so."""
    with pytest.raises(ComposeError, match="has changed since the brief was written"):
        compose(Brief(seed=1, playlist=day, models={day.models.melody_vae: "f" * 64}))
    carry = chain[0].carry.model_copy(update={"latent": (0.0, 1.0)})
    with pytest.raises(ComposeError, match="latent space of 2 dimensions"):
        compose(Brief(seed=1, playlist=day, carry=carry))
    wrong = day.model_copy(update={"models": day.models.model_copy(update={"melody_vae": day.models.drums_vae})})
    with pytest.raises(ComposeError, match="plays drums, not melody"):
        compose(Brief(seed=1, playlist=wrong))
