"""NSynth's engine beside the same network written out over whole signals, and what it refuses (a tiny network)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from latentfm.models.nsynth import NSynth
from latentfm.models.nsynth.mu_law import expand
from nsynth_direct import Direct
from tiny_nsynth import FACTS, tiny, weights

FRAMES = 9


@pytest.fixture(scope="module")
def model() -> NSynth:
    """Return the playable."""
    return tiny()


@pytest.fixture(scope="module")
def direct() -> Direct:
    """Return the same network in NumPy."""
    return Direct(FACTS, weights())


def notes(n: int, samples: int) -> Any:
    """Return sound ``[n, samples]``: noise under a fading sine."""
    rng = np.random.default_rng(4)
    fading = np.exp(-np.arange(samples) / 200)
    sines = np.sin(np.arange(samples) * rng.uniform(0.05, 0.4, (n, 1))) * fading
    return (0.6 * sines + 0.05 * rng.standard_normal((n, samples))).astype(np.float32)


def codes_of(n: int, frames: int = FRAMES) -> Any:
    """Draw codes."""
    return np.random.default_rng(5).standard_normal((n, frames, FACTS.bottleneck)).astype(np.float32)


def test_codes_are_those_of_the_whole_signal(model: NSynth, direct: Direct) -> None:
    """Dilated convolutions that look both ways, their ends filled with zeros, and a mean over each hop."""
    audio = notes(2, 5 * FACTS.hop)
    np.testing.assert_allclose(model.encode(audio), direct.encode(audio), atol=1e-5)


def test_what_is_left_behind_the_last_hop_is_not_encoded(model: NSynth) -> None:
    """A code stands for a whole hop."""
    audio = notes(1, 3 * FACTS.hop)
    longer = np.concatenate([audio, np.ones((1, FACTS.hop - 1), np.float32)], axis=1)
    np.testing.assert_array_equal(model.encode(longer), model.encode(audio))


def test_silence_has_codes(model: NSynth) -> None:
    """A silent note is a note."""
    assert np.isfinite(model.encode(np.zeros((1, FACTS.hop), np.float32))).all()


def test_step_by_step_gives_the_logits_of_the_causal_network(model: NSynth, direct: Direct) -> None:
    """Rings, blocks and frames leave no trace, beyond all that a sample can depend on, and across codes."""
    labels = np.random.default_rng(6).integers(0, 256, (2, FRAMES * FACTS.hop))
    codes = codes_of(2)
    assert labels.shape[1] > 2 * sum(FACTS.dilations) + 3
    expected = direct.logits(codes, labels)
    assert expected.std() > 1
    np.testing.assert_allclose(model.logits(codes, labels), expected, atol=2e-5)


def test_layers_on_either_side_of_a_block_are_there() -> None:
    """The comparison above is one of both ways to multiply, and of a layer that dilates by just a block."""
    assert FACTS.ahead in FACTS.dilations
    assert min(FACTS.dilations) < FACTS.ahead < max(FACTS.dilations)


def test_the_likeliest_samples_are_those_of_the_causal_network(model: NSynth, direct: Direct) -> None:
    """At temperature 0 nothing is drawn."""
    codes = codes_of(2, 2)
    made = model.synthesize(codes, [np.random.default_rng(seed) for seed in (1, 2)], 0.0)
    assert made.shape == (2, 2 * FACTS.hop)
    labels = direct.likeliest(codes, 2 * FACTS.hop)
    assert (np.diff(labels) != 0).mean() > 0.2
    np.testing.assert_array_equal(made, expand(labels))


def test_a_batch_is_notes_of_their_own(model: NSynth) -> None:
    """Nine notes at once, more than a kernel multiplies at a time, are the nine that each alone would be."""
    codes = codes_of(9, 2)
    together = model.synthesize(codes, [np.random.default_rng(seed) for seed in range(9)])
    for row, note in enumerate(together):
        alone = model.synthesize(codes[row : row + 1], [np.random.default_rng(row)])[0]
        np.testing.assert_array_equal(alone, note)
    assert len({note.tobytes() for note in together}) == 9


def test_a_later_code_changes_nothing_before_it(model: NSynth) -> None:
    """What stands after a shorter note of a batch is never heard in it."""
    codes = codes_of(1, 3)
    other = codes.copy()
    other[:, 2] = 0
    first, second = (model.synthesize(each, [np.random.default_rng(0)])[0] for each in (codes, other))
    end = 2 * FACTS.hop
    np.testing.assert_array_equal(first[:end], second[:end])
    assert (first[end:] != second[end:]).any()


def test_temperature_and_seed_count(model: NSynth) -> None:
    """The same of both gives the same, another of either another note."""
    codes = codes_of(1, 2)
    made = [
        model.synthesize(codes, [np.random.default_rng(seed)], temperature).tobytes()
        for seed, temperature in ((1, 1.0), (1, 1.0), (2, 1.0), (1, 0.3))
    ]
    assert made[0] == made[1]
    assert len(set(made)) == 3


@pytest.mark.parametrize("shape", [(31,), (1, 31), (1, 0), (1, 32, 1)])
def test_audio_of_another_shape_is_refused(shape: tuple[int, ...], model: NSynth) -> None:
    """One hop is the least."""
    with pytest.raises(ValueError, match="notes of 32 samples or more are needed"):
        model.encode(np.zeros(shape, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_audio_that_is_no_number_is_refused(value: float, model: NSynth) -> None:
    """One such sample would spread over all codes within reach."""
    audio = notes(1, FACTS.hop)
    audio[0, 7] = value
    with pytest.raises(ValueError, match="no number"):
        model.encode(audio)


@pytest.mark.parametrize("shape", [(2, 4), (1, 2, 5), (0, 2, 4)])
def test_codes_of_another_shape_are_refused(shape: tuple[int, ...], model: NSynth) -> None:
    """Codes of another model, say."""
    with pytest.raises(ValueError, match=r"codes \[n, time, 4\] are needed"):
        model.synthesize(np.zeros(shape, np.float32), [np.random.default_rng(0)])


def test_codes_that_are_no_numbers_are_refused(model: NSynth) -> None:
    """They would be heard for as long as the rings are."""
    with pytest.raises(ValueError, match="no numbers"):
        model.synthesize(np.full((1, 1, 4), np.nan, np.float32), [np.random.default_rng(0)])


def test_there_is_a_generator_for_each_note(model: NSynth) -> None:
    """Neither more nor fewer."""
    with pytest.raises(ValueError, match="1 generators for 2 notes"):
        model.synthesize(codes_of(2, 1), [np.random.default_rng(0)])


@pytest.mark.parametrize("shape", [(1, 33), (2, 32), (32,)])
def test_labels_that_do_not_go_with_the_codes_are_refused(shape: tuple[int, ...], model: NSynth) -> None:
    """More samples than there are codes for, or another number of notes."""
    with pytest.raises(ValueError, match="do not go with codes"):
        model.logits(codes_of(1, 1), np.zeros(shape, int))
