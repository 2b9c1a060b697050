"""``latentfm timbre`` with the engine that ships."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from matplotlib.image import imread

from latentfm import midi_file
from latentfm.noteseq import NoteSequence
from latentfm.render.soundfonts import verify
from latentfm.timbre.pitch import detect
from latentfm.timbre.played import play

RATE = 48_000


@pytest.fixture
def run(call: Callable[..., tuple[int, str, str]]) -> Callable[..., str]:
    """Return what calls ``latentfm timbre`` and returns what it says, on standard error where it fails."""

    def timbre(*arguments: str | Path, status: int = 0) -> str:
        found, out, err = call("timbre", *map(str, arguments))
        assert found == status, err
        return err if status else out

    return timbre


@pytest.fixture
def meow(tmp_path: Path) -> Path:
    """Return a recording of something with a pitch of its own, 20 cents above F4, in stereo at 44.1 kHz."""
    at = np.arange(round(1.2 * 44_100)) / 44_100
    hertz = 440.0 * 2 ** ((65.2 - 69) / 12)
    sound = sum(np.sin(2 * np.pi * hertz * number * at) / number**1.5 for number in range(1, 20))
    sound = 0.2 * sound * np.minimum(1, at / 0.05) * np.minimum(1, (1.2 - at) / 0.2)
    path = tmp_path / "meow.wav"
    sf.write(path, np.stack([sound, 0.5 * sound], axis=1), 44_100, subtype="PCM_U8")
    return path


def test_a_blend_is_a_note_in_tune(run: Callable[..., str], tmp_path: Path) -> None:
    """At the pitch that was asked for, of the parents' length, and the same each time."""
    out, again = tmp_path / "one.wav", tmp_path / "two.wav"
    assert "40% choir aahs" in run("blend", "flute", "choir aahs", "--mix", "0.4", "--pitch", "67", "--out", out)
    run("blend", "flute", "choir aahs", "--mix", "0.4", "--pitch", "67", "--out", again)
    sound, rate = sf.read(out, dtype="float32")
    assert rate == RATE
    assert len(sound) == pytest.approx(4 * RATE, rel=0.05)
    assert 0.05 < np.abs(sound).max() < 4.0
    assert detect(sound, RATE).pitch == pytest.approx(67, abs=0.05)
    assert out.read_bytes() == again.read_bytes()


def test_a_cat_will_do(run: Callable[..., str], meow: Path, tmp_path: Path) -> None:
    """A recording of any pitch is brought to the one that is asked for; its attack may be another sound's."""
    out = tmp_path / "out.flac"
    run("blend", meow, "violin", "--attack", "0", "--pitch", "60", "--stretch", "1.5", "--out", out)
    sound, _ = sf.read(out, dtype="float32")
    assert detect(sound, RATE).pitch == pytest.approx(60, abs=0.05)


def test_an_instrument_plays_over_the_keyboard(run: Callable[..., str], meow: Path, tmp_path: Path) -> None:
    """FluidSynth finds it in tune, and it is no larger than was asked for."""
    out = tmp_path / "cat.sf2"
    said = run("instrument", meow, "cello", "--size", "700000", "--out", out)
    assert 'soundfont = "cat", program = 42' in said  # the cello's, as a cat has none
    verify(out)
    assert out.stat().st_size <= 700_000
    for pitch in (48, 61, 74):
        note = play(out, 42, pitch, 100, held=1.0, seconds=1.5)
        assert detect(note, RATE).pitch == pytest.approx(pitch, abs=0.05)


def test_a_piece_is_played_note_by_note(run: Callable[..., str], tmp_path: Path) -> None:
    """A MIDI file in, a WAV as long out; one of drums alone is refused."""
    tune, drums, out = (tmp_path / name for name in ("tune.mid", "drums.mid", "piece.wav"))
    for path, is_drum in ((tune, False), (drums, True)):
        sequence = NoteSequence(ticks_per_quarter=220)
        for step, pitch in enumerate((60, 64, 67)):
            sequence.notes.add(
                pitch=pitch, velocity=90, start_time=0.5 * step, end_time=0.5 * step + 0.4, is_drum=is_drum
            )
        midi_file.write(sequence, path)
    assert "3 notes" in run("piece", tune, "flute", "violin", "--out", out)
    sound, rate = sf.read(out)
    assert len(sound) / rate == pytest.approx(1.55, abs=0.05)
    assert detect(sound[rate : round(1.4 * rate)].astype(np.float32), rate).pitch == pytest.approx(67, abs=0.1)
    assert "no note in it but drums" in run("piece", drums, "flute", "--out", tmp_path / "none.wav", status=1)


def test_a_plot_has_three_panels(run: Callable[..., str], tmp_path: Path) -> None:
    """Wide, and neither empty nor full."""
    out = tmp_path / "three.png"
    run("plot", "harp", "violin", "--out", out)
    picture = imread(out)[..., :3]
    height, width, _ = picture.shape
    assert width > 2.5 * height
    for third in np.array_split(picture, 3, axis=1):
        dark = (third.max(axis=2) < 0.1).mean()
        assert 0.2 < dark < 0.95


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("blend", "flute", "banana", "--out", "x.wav"), "banana"),
        (("blend", "flute", "violin", "--engine", "magic", "--out", "x.wav"), "no engine is called"),
        (("blend", "flute", "violin", "--spherical", "--attack", "0.1", "--out", "x.wav"), "exclude each other"),
        (("blend", "flute", "violin", "--out", "nowhere/x.wav"), "can't be written"),
        (("instrument", "flute", "violin", "--size", "50000", "--out", "x.sf2"), "do not fit"),
    ],
)
def test_what_can_not_be_done_is_said(
    run: Callable[..., str], arguments: tuple[str, ...], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    assert words in run(*arguments, status=1)
    assert not list(tmp_path.iterdir())
