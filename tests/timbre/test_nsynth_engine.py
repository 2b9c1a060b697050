"""NSynth as an engine of timbres: what goes in, what comes out, and what is refused and why (a tiny network)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfm.errors import ModelError, TimbreError
from latentfm.timbre import nsynth
from latentfm.timbre.engine import Engine, Latent
from latentfm.timbre.nsynth import LONGEST, NSynthEngine
from tiny_nsynth import FACTS, FOLDER, tiny

RATE = FACTS.sample_rate


@pytest.fixture(scope="module")
def engine() -> NSynthEngine:
    """Return the engine with a tiny model."""
    return NSynthEngine(tiny())


def note(samples: int, frequency: float = 440.0) -> Any:
    """Return a note."""
    return (0.5 * np.sin(2 * np.pi * frequency * np.arange(samples) / RATE)).astype(np.float32)


def latent(frames: int, seed: int = 0, pitch: float = 60.0) -> Latent:
    """Return a latent with codes at random."""
    codes = np.random.default_rng(seed).standard_normal((frames, FACTS.bottleneck)).astype(np.float32)
    return Latent("nsynth", codes, FACTS.code_rate, pitch)


def test_it_is_an_engine(engine: NSynthEngine) -> None:
    """The rest does not ask which one it has."""
    one: Engine = engine
    assert (one.name, one.sample_rate) == ("nsynth", 16_000)


def test_a_note_becomes_codes_and_a_note_again(engine: NSynthEngine) -> None:
    """A code for each whole hop, at its rate, with the pitch that was given; the note is as long as its codes."""
    found = engine.encode(note(5 * FACTS.hop + 9), 69.02)
    assert found.engine == "nsynth"
    assert found.codes.shape == (5, FACTS.bottleneck)
    assert (found.rate, found.pitch) == (500.0, 69.02)
    (made,) = engine.synthesize([found], [69.02])
    assert made.shape == (5 * FACTS.hop,)
    assert made.dtype == np.float32
    assert np.abs(made).max() <= 1


def test_silence_is_a_note(engine: NSynthEngine) -> None:
    """It has codes like any other."""
    assert np.isfinite(engine.encode(np.zeros(FACTS.hop, np.float32), 60.0).codes).all()


def test_notes_do_not_depend_on_what_they_are_made_with(engine: NSynthEngine) -> None:
    """Twenty of several lengths, in more than one batch, come in their order, each as it is alone."""
    latents = [latent(1 + seed % 3, seed) for seed in range(20)]
    together = engine.synthesize(latents, [60.0] * 20, seed=3)
    assert [len(one) for one in together] == [len(one.codes) * FACTS.hop for one in latents]
    for one, made in zip(latents, together, strict=True):
        np.testing.assert_array_equal(engine.synthesize([one], [60.0], seed=3)[0], made)
    assert len({made.tobytes() for made in together}) == 20


def test_the_seed_counts(engine: NSynthEngine) -> None:
    """The same gives the same samples, another one others."""
    first, again, other = (engine.synthesize([latent(2)], [60.0], seed)[0] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_nothing_becomes_nothing(engine: NSynthEngine) -> None:
    """No latents, no notes."""
    assert engine.synthesize([], []) == []


def test_a_synthesis_is_kept_where_that_is_asked_for(tmp_path: Path) -> None:
    """What is made twice is found the second time."""
    engine = NSynthEngine(tiny(), kept=tmp_path)
    (first,) = engine.synthesize([latent(2)], [60.0])
    (kept,) = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    np.testing.assert_array_equal(engine.synthesize([latent(2)], [60.0])[0], first)
    assert [kept] == list(tmp_path.iterdir())
    assert kept.stat().st_mtime_ns == written


@pytest.mark.parametrize(
    ("audio", "said"),
    [
        (np.zeros(0, np.float32), "the note has 0.000 s, and nsynth needs 0.002 s"),
        (np.zeros(31, np.float32), "give it a longer one"),
        (np.zeros(int(LONGEST * RATE) + 1, np.float32), "takes 16 s at most: cut one out"),
        (np.zeros((64, 2), np.float32), "one channel, not an array of shape .*mix it down"),
        (np.full(64, np.nan, np.float32), "no number somewhere"),
        (np.append(note(63), np.float32(np.inf)), "no number somewhere"),
        (32_000 * note(64), r"goes up to 1\.6e\+04 where full scale is 1: scale it"),
    ],
)
def test_bad_audio_is_refused_with_what_to_do(audio: Any, said: str, engine: NSynthEngine) -> None:
    """What a file may hold, and what a caller may forget."""
    with pytest.raises(TimbreError, match=said):
        engine.encode(audio, 60.0)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"engine": "spectral"}, "a latent of the engine spectral can't be synthesized by nsynth"),
        ({"codes": np.zeros((3, 5), np.float32)}, r"codes of shape \(3, 5\) .* are not this model's"),
        ({"codes": np.zeros((0, 4), np.float32)}, "are not this model's"),
        ({"codes": np.zeros(4, np.float32)}, "are not this model's"),
        ({"codes": np.full((1, 4), np.nan, np.float32)}, "the codes are no numbers somewhere"),
        ({"rate": 31.25}, r"at 31\.25 a second are not this model's, .* at 500"),
        ({"pitch": 62.0}, r"at the pitch that they were made from \(62\.00\), not at 60\.00: encode a note of that"),
    ],
)
def test_latents_of_others_and_other_pitches_are_refused(
    changed: dict[str, Any], said: str, engine: NSynthEngine
) -> None:
    """The network can play codes at their own pitch alone, and it is said."""
    with pytest.raises(TimbreError, match=said):
        engine.synthesize([latent(1), replace(latent(1), **changed)], [60.0, 60.0])


def test_there_is_a_pitch_for_each_latent(engine: NSynthEngine) -> None:
    """Neither more nor fewer."""
    with pytest.raises(TimbreError, match="1 latents and 2 pitches"):
        engine.synthesize([latent(1)], [60.0, 61.0])


def test_a_model_is_loaded_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is not here, it is said how to get it; a model that composes is none that sounds."""
    monkeypatch.setenv("LATENTFM_MODELS", str(tmp_path))
    with pytest.raises(ModelError, match="latentfm models fetch nsynth-wavenet"):
        nsynth.load()
    with pytest.raises(ModelError, match="'drum_kit' is of the kind event_rnn, not nsynth"):
        nsynth.load("drum_kit")
    monkeypatch.setenv("LATENTFM_MODELS", str(FOLDER))
    assert nsynth.load("tiny").sample_rate == 16_000
