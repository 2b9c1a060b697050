"""The synth: exact in time, level and bits, and quiet on stderr."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from latentfm.audio import loudness
from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.errors import RenderError, SoundFontError
from latentfm.music import expression
from latentfm.render.events import BLOCK, Control, Note
from latentfm.render.synth import DRUM_BANK, Room, Synth

WOODBLOCK, ORGAN = 115, 19
SECOND = SAMPLE_RATE


def play(
    font: Path,
    notes: list[tuple[int, int, int, int]],
    frames: int = SECOND,
    *,
    bank: int = 0,
    program: int = ORGAN,
    **channel: float,
) -> Pcm:
    """Play notes (pitch, velocity, start, stop) on one dry channel."""
    with Synth() as synth:
        number = synth.add_channel(font, bank, program, **channel)
        return synth.play([Note(number, *note) for note in notes], frames)


def rms(pcm: Pcm) -> float:
    """Return the level in dBFS."""
    return loudness.decibels(float(np.sqrt(np.mean(np.square(pcm, dtype=np.float64)))))


@pytest.mark.parametrize("start", [0, 64, 6400, 6431, 6433, 40_000])
def test_a_note_begins_where_it_is_written(start: int, font: Path) -> None:
    """A note's first sample is within a block of 64 frames of its onset."""
    early = play(font, [(76, 100, 0, SECOND)], program=WOODBLOCK)
    late = play(font, [(76, 100, start, SECOND)], 2 * SECOND, program=WOODBLOCK)
    first, shifted = (int(np.flatnonzero(pcm.any(axis=1))[0]) for pcm in (early, late))
    assert abs(shifted - first - start) <= BLOCK // 2
    assert np.array_equal(late[shifted : shifted + 8000], early[first : first + 8000])


def test_the_same_notes_give_the_same_bits(font: Path) -> None:
    """Two synths with reverb and chorus play the same notes to the same bits, in whatever order they are given."""
    rendered = []
    for turn in (1, -1):
        with Synth(room=Room(), chorus=True) as synth:
            channels = [
                synth.add_channel(font, 0, 48, reverb=0.5, chorus=0.5),
                synth.add_channel(font, DRUM_BANK, 0, reverb=0.2),
            ]
            notes = [Note(channels[turn_ % 2], 38 + turn_, 90, turn_ * 999, turn_ * 999 + 5000) for turn_ in range(30)]
            rendered.append(synth.play(notes[::turn], 2 * SECOND))
    assert rendered[0].any()
    assert np.array_equal(rendered[0], rendered[1])


def test_playing_in_parts_gives_the_same_bits(font: Path) -> None:
    """A note that sounds on into the next call continues where it was."""
    whole = play(font, [(60, 90, 0, 10 * SECOND)], SECOND)
    with Synth() as synth:
        channel = synth.add_channel(font, 0, ORGAN)
        parts = [synth.play([Note(channel, 60, 90, 0, 10 * SECOND)], 20_000), synth.play((), SECOND - 20_000)]
    assert np.array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("attenuation", [0.1, 1.04, 7.37, 20.0])
def test_attenuation_is_exact(attenuation: float, font: Path) -> None:
    """A channel is quieter by the decibels asked for, to FluidSynth's tenth of a decibel."""
    notes = [(60, 90, 0, SECOND)]
    assert rms(play(font, notes)) - rms(play(font, notes, attenuation=attenuation)) == pytest.approx(
        attenuation, abs=0.1
    )


def test_gain_is_exact(font: Path) -> None:
    """A synth's gain in decibels is what comes out, beyond full scale too."""
    levels = []
    for gain in (0.0, 20.0):
        with Synth(gain_db=gain) as synth:
            levels.append(rms(synth.play([Note(synth.add_channel(font, 0, ORGAN), 60, 127, 0, SECOND)], SECOND)))
    assert levels[1] - levels[0] == pytest.approx(20.0, abs=0.01)


def test_pan_moves_between_the_channels(font: Path) -> None:
    """Pan -1 leans to the left, 1 as much to the right, 0 to neither; stereo samples keep some of their width."""
    notes = [(76, 100, 0, SECOND)]
    left, middle, right = (play(font, notes, program=73, pan=pan) for pan in (-1.0, 0.0, 1.0))
    assert rms(left[:, 0]) - rms(left[:, 1]) > 3
    assert rms(right[:, 1]) - rms(right[:, 0]) > 3
    assert rms(middle[:, 0]) == pytest.approx(rms(middle[:, 1]), abs=2.0)


@pytest.mark.parametrize("size", [0.1, 0.5, 0.9])
def test_reverb_is_as_wet_as_it_is_sent_in_any_room(size: float, font: Path) -> None:
    """On a held choir a send of a half adds half the dry amplitude, within 3 dB, whatever the room's size."""
    rendered = []
    for send in (0.0, 0.5):
        with Synth(room=Room(size)) as synth:
            channel = synth.add_channel(font, 0, 52, reverb=send)
            rendered.append(synth.play([Note(channel, 60, 90, 0, 6 * SECOND)], 6 * SECOND)[2 * SECOND :])
    dry, wet = rendered[0], rendered[1] - rendered[0]
    assert rms(wet) - rms(dry) == pytest.approx(-6.0, abs=3.0)


def test_chorus_is_as_wet_as_it_is_sent_and_leaves_the_middle(font: Path) -> None:
    """A send of a half adds about half the dry amplitude, and in mono the sound keeps its level."""
    rendered = []
    for send in (0.0, 0.5):
        with Synth(chorus=True) as synth:
            channel = synth.add_channel(font, 0, 89, chorus=send)
            rendered.append(synth.play([Note(channel, 60, 90, 0, 4 * SECOND)], 4 * SECOND)[SECOND:])
    dry, wet = rendered[0], rendered[1] - rendered[0]
    assert rms(wet) - rms(dry) == pytest.approx(-6.0, abs=4.0)
    assert rms(rendered[1].mean(axis=1)) == pytest.approx(rms(dry.mean(axis=1)), abs=1.0)


def test_a_filter_makes_darker(font: Path) -> None:
    """Three octaves off the filter leave the fundamental and take the high harmonics."""
    spectra = []
    for darker in (0.0, 3.0):
        with Synth() as synth:
            channel = synth.add_channel(font, 0, 71, darker=darker)
            pcm = synth.play([Note(channel, 69, 90, 0, 2 * SECOND)], 2 * SECOND)
        spectra.append(20 * np.log10(np.abs(np.fft.rfft(pcm[SECOND:].mean(axis=1))) + 1e-9))
    change = spectra[1] - spectra[0]
    fundamental, harmonic = 440, 440 * 9
    assert change[fundamental] > -2
    assert change[harmonic] < -12


def test_a_controller_moves_at_its_frame(font: Path) -> None:
    """Expression from the middle to the highest value raises a held sound by the room that there is, from then on."""
    with Synth() as synth:
        channel = synth.add_channel(font, 0, 89)
        moves = [
            Control(channel, expression.CONTROLLER, expression.MIDDLE, 0),
            Control(channel, expression.CONTROLLER, expression.value(expression.ROOM), 4 * SECOND),
        ]
        moved = synth.play([Note(channel, 60, 90, 0, 6 * SECOND)], 6 * SECOND, moves)
    steady = play(font, [(60, 90, 0, 6 * SECOND)], program=89, frames=6 * SECOND)
    before, after = (
        rms(moved[start : start + SECOND]) - rms(steady[start : start + SECOND]) for start in (2 * SECOND, 5 * SECOND)
    )
    assert before == pytest.approx(-expression.ROOM, abs=0.3)
    assert after == pytest.approx(0.0, abs=0.1)


def test_a_key_that_is_struck_again_is_not_cut_short(font: Path) -> None:
    """Where notes of one key overlap the later one keeps its whole length."""
    overlapping = play(font, [(60, 90, 0, 30_000), (60, 90, 12_800, 44_800)])
    assert rms(overlapping[32_000:42_000]) == pytest.approx(rms(overlapping[15_000:25_000]), abs=3.0)


def test_of_two_notes_at_once_the_stronger_sounds(font: Path) -> None:
    """A key doubled in one block is struck once, as strongly as the stronger of them."""
    doubled = play(font, [(60, 40, 0, 20_000), (60, 100, 10, 30_000)])
    assert np.array_equal(doubled, play(font, [(60, 100, 0, 30_000)]))


def test_a_missing_program_is_an_error_and_stderr_stays_clean(font: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """FluidSynth's complaint goes to our log, and the error says which program it is."""
    with capture_logs() as logs, pytest.raises(SoundFontError, match="no program 77 in bank 5"):
        play(font, [], bank=5, program=77)
    assert [entry["event"] for entry in logs] == ["fluidsynth_message"]
    assert logs[0]["log_level"] == "error"
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")


def test_what_is_no_soundfont_never_reaches_fluidsynth(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A false SoundFont is refused before FluidSynth sees it."""
    (tmp_path / "false.sf2").write_bytes(b"RIFF\x04\0\0\0WAVE")
    with capture_logs() as logs, Synth() as synth, pytest.raises(SoundFontError, match="not a SoundFont"):
        synth.add_channel(tmp_path / "false.sf2", 0, 0)
    assert not logs
    assert capfd.readouterr().err == ""


def test_channels_run_out_with_an_error(font: Path) -> None:
    """More channels than FluidSynth was given raise."""
    with Synth() as synth:
        for _ in range(64):
            synth.add_channel(font, 0, 0)
        with pytest.raises(RenderError, match="64 channels"):
            synth.add_channel(font, 0, 0)


def test_only_a_fitting_array_is_written_into() -> None:
    """Memory of another type or layout is refused, as FluidSynth would write past it."""
    with Synth() as synth:
        for wrong in (np.zeros((64, 2)), np.zeros((64, 1), np.float32), np.zeros((2, 64), np.float32).T):
            with pytest.raises(ValueError, match="contiguous float32"):
                synth.play_into(wrong)


def test_closing_twice_does_nothing() -> None:
    """A synth may be closed again after its ``with`` statement."""
    with Synth() as synth:
        pass
    synth.close()
