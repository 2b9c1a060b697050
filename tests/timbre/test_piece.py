"""Pieces on an instrument that changes while it plays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from latentfm.errors import TimbreError
from latentfm.timbre import making, piece, pitch
from latentfm.timbre.descriptors import harmonic_levels
from latentfm.timbre.engine import Mono
from latentfm.timbre.mixing import mixed
from latentfm.timbre.spectral.engine import SpectralEngine, load

SOUNDS = ("flute", "clarinet", "violin")


@dataclass
class Struck:
    """A note."""

    pitch: int
    start_time: float
    end_time: float
    velocity: int = 100


@pytest.fixture(scope="module")
def engine() -> SpectralEngine:
    """Return the engine that ships."""
    return load()


def test_the_walk_is_at_its_sounds_in_even_steps() -> None:
    """The first note is at the first sound, the last at the last, whatever order they come in."""
    assert piece.places([0.0, 4.0, 2.0, 1.0, 3.0], 3) == [(0, 0.0), (1, 1.0), (1, 0.0), (0, 0.5), (1, 0.5)]
    assert piece.places([2.0, 2.0], 3) == [(0, 0.0)] * 2
    assert piece.places([2.0, 3.0], 1) == [(0, 0.0)] * 2


def test_each_note_sounds_in_its_time_as_the_walk_has_it(engine: SpectralEngine) -> None:
    """In tune, silent before and after, and with the harmonics of flute, of a blend, of clarinet and of violin."""
    notes = [Struck(67, 1.5, 2.2), Struck(60, 0.5, 1.2), Struck(64, 2.5, 3.2), Struck(72, 4.5, 5.2)]
    told: list[tuple[int, int]] = []
    sound = piece.play(notes, SOUNDS, engine, lambda done, of: told.append((done, of)))
    assert told == [(4, 4)]
    assert np.abs(sound).max() == pytest.approx(piece.PEAK)
    rate = engine.sample_rate
    for note in notes:
        heard = part(sound, note.start_time, note.end_time, rate)
        found = pitch.measure(heard, rate, near=note.pitch)
        assert found is not None
        assert found.pitch == pytest.approx(note.pitch, abs=0.1)
        assert np.abs(part(sound, note.end_time + 0.2, note.end_time + 0.28, rate)).max(initial=0.0) < 1e-4
    assert not part(sound, 0.0, 0.5, rate).any()
    ways = [
        ("flute", "clarinet", 0.0),
        ("flute", "clarinet", 0.5),
        ("clarinet", "violin", 0.0),
        ("violin", "violin", 0.0),
    ]
    for note, (one, other, share) in zip(sorted(notes, key=lambda each: each.start_time), ways, strict=True):
        latents = [making.latent_of(each, engine, note.pitch) for each in (one, other)]
        wanted = engine.synthesize([mixed(*latents, share)], [note.pitch])[0][: round(0.7 * rate)]
        levels = [
            harmonic_levels(each, rate, pitch.hertz(note.pitch), 6)
            for each in (wanted, part(sound, note.start_time, note.end_time, rate))
        ]
        np.testing.assert_allclose(levels[0], levels[1], atol=0.5)


def test_loudness_goes_with_velocity(engine: SpectralEngine) -> None:
    """Half the velocity is a quarter of the peak, as SoundFonts have it."""
    soft, loud = Struck(60, 0.0, 0.5, 50), Struck(60, 1.0, 1.5, 100)
    sound = piece.play([soft, loud], ["flute"], engine)
    peaks = [np.abs(part(sound, note.start_time, note.end_time, engine.sample_rate)).max() for note in (soft, loud)]
    assert peaks[0] / peaks[1] == pytest.approx(0.25, rel=0.01)


def test_nothing_to_play_is_refused(engine: SpectralEngine) -> None:
    """No notes, no sounds, or a sound that is none."""
    for notes, sounds in (([], SOUNDS), ([Struck(60, 0.0, 1.0)], ())):
        with pytest.raises(TimbreError, match="needs notes and something to play them on"):
            piece.play(notes, sounds, engine)
    with pytest.raises(TimbreError, match="gamelan"):
        piece.play([Struck(60, 0.0, 1.0)], ["gamelan"], engine)


def part(sound: Mono, begin: float, end: float, rate: int) -> Mono:
    """Return what sounds between two times in seconds."""
    return sound[round(begin * rate) : round(end * rate)]
