"""MusicVAE's engine: what it draws, and what its latent space is good for (small networks that Magenta drew)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentfm.models import latent
from latentfm.models.card import read_card
from latentfm.models.music_vae import CONFIGURATIONS, MusicVAE, VaeFacts, attribute_vector, trio_of
from latentfm.models.playable import Steps

PLAYABLES = Path(__file__).parents[1] / "parity" / "fixtures" / "music_vae" / "playables"


def load(name: str) -> MusicVAE:
    """Load a small playable."""
    card = read_card(PLAYABLES / f"{name}.json")
    assert isinstance(card.model, VaeFacts)
    return MusicVAE(card.model, Steps(PLAYABLES / f"{name}.tflite", card.sha256))


@pytest.fixture(scope="module")
def melody() -> MusicVAE:
    """Return a flat model of two bars of melody."""
    return load("cat-mel_2bar_small")


@pytest.fixture(scope="module")
def trio() -> MusicVAE:
    """Return a model of sixteen bars of three parts, each bar from a conductor's code."""
    return load("hierdec-trio_16bar")


def test_the_same_numbers_draw_the_same_trios_alone_and_together(trio: MusicVAE) -> None:
    """Each window depends on its own point and numbers only, also when others are drawn beside it."""
    rng = np.random.default_rng(3)
    z = rng.standard_normal((3, trio.z_size)).astype(np.float32)
    uniforms = rng.random(trio.uniforms_shape(3))
    together = trio.decode_by(z, uniforms, 0.8)
    alone = [trio.decode_by(z[[row]], uniforms[:, [row]], 0.8) for row in range(3)]
    np.testing.assert_array_equal(together.labels, np.concatenate([one.labels for one in alone]))
    np.testing.assert_allclose(
        together.log_likelihood, np.concatenate([one.log_likelihood for one in alone]), rtol=1e-5
    )
    assert not np.array_equal(together.labels[0], together.labels[1])


def test_a_trio_has_three_parts_in_their_own_classes(trio: MusicVAE) -> None:
    """Melody and bass are melody labels, drums are drum labels."""
    decoded = trio.sample(2, np.random.default_rng(0), 1.0)[1]
    parts = trio_of(decoded.labels)
    assert decoded.labels.shape == (2, 256, 3)
    assert parts.melody.max() < 90
    assert parts.bass.max() < 90
    assert 90 < parts.drums.max() < 512


def test_the_log_likelihood_is_that_of_the_logits(trio: MusicVAE) -> None:
    """What was drawn is as likely as the teacher-forced logits of the same labels say, all parts together."""
    z, decoded = trio.sample(2, np.random.default_rng(1), 0.7)
    logits = trio.logits(z, decoded.labels).astype(np.float64)
    total = np.zeros(2)
    for part, columns in enumerate(np.split(logits, [90, 180], axis=2)):
        likely = columns - np.log(np.exp(columns).sum(axis=2, keepdims=True))
        total += np.take_along_axis(likely, decoded.labels[..., [part]].astype(np.int64), axis=2).sum(axis=(1, 2))
    np.testing.assert_allclose(decoded.log_likelihood, total, rtol=1e-5)


def test_a_path_begins_and_ends_with_the_reconstructions(melody: MusicVAE) -> None:
    """An interpolation's ends are what its two windows decode as again, and what lies between is another."""
    rng = np.random.default_rng(2)
    windows = rng.integers(0, 90, (2, 32)).astype(np.int16)
    path, decoded = melody.interpolate(windows[0], windows[1], 5, rng, 0.0)
    np.testing.assert_array_equal(decoded.labels[[0, -1]], melody.reconstruct(windows, rng).labels)
    np.testing.assert_allclose(path[[0, -1]], melody.encode(windows)[0], atol=1e-6)


def test_a_walk_moves_away_evenly(melody: MusicVAE) -> None:
    """Its points lie on the spherical path, in its order, where what is heard is nearest to even shares of the way."""
    a, b = np.random.default_rng(3).standard_normal((2, melody.z_size)).astype(np.float32)
    fine = latent.interpolate(a, b, 17)
    heard = melody.decode(fine, np.random.default_rng(0), 0.0).labels
    away = (heard != heard[0]).mean(axis=1)
    assert away[-1] > 0
    np.testing.assert_array_equal(melody.walk(a, b, 5), fine[latent.evenly(away, 5)])


def test_an_attribute_moves_points_towards_its_examples(melody: MusicVAE) -> None:
    """Moved by the vector, the mean of examples without an attribute is that of examples with it."""
    rng = np.random.default_rng(4)
    having, lacking = rng.integers(45, 90, (6, 32)).astype(np.int16), rng.integers(0, 45, (6, 32)).astype(np.int16)
    attribute = attribute_vector(melody, having, lacking)
    means = [melody.encode(windows)[0].mean(axis=0, keepdims=True) for windows in (having, lacking)]
    np.testing.assert_allclose(attribute.apply(means[1]), means[0], atol=1e-6)
    assert attribute.of(means[0])[0] == pytest.approx(attribute.of(means[1])[0] + 1, abs=1e-5)
    assert attribute.of(attribute.apply(means[1], -1))[0] < attribute.of(means[1])[0]
    with pytest.raises(ValueError, match="examples"):
        attribute_vector(melody, having, lacking[:0])


@pytest.mark.parametrize("shape", [(2, 256), (2, 255, 3), (2, 256, 2)])
def test_windows_of_another_shape_are_refused(shape: tuple[int, ...], trio: MusicVAE) -> None:
    """The error says how many steps are needed, and what came."""
    with pytest.raises(ValueError, match=r"windows of 256 steps .* shape \(2, 25"):
        trio.encode(np.zeros(shape, np.int16))


def test_a_card_of_the_first_edition_is_understood() -> None:
    """The single sizes of its one output and its encoder's one layer become the first of several."""
    old = VaeFacts.model_validate(
        {"representation": "drums", "steps": 32, "z_size": 64, "input_depth": 10, "output_depth": 512}
        | {"encoder_size": 256, "state_sizes": [256, 256]}
    )
    assert old == CONFIGURATIONS["cat-drums_2bar_small"].facts(64, (256,), (256, 256))
    assert old.roll_input
    assert VaeFacts.model_validate_json(old.model_dump_json()) == old


def test_bars_of_three_quarters_make_shorter_windows() -> None:
    """A configuration in another metre keeps its bars; levels follow the bar."""
    facts = CONFIGURATIONS["hier-trio_16bar"].facts(steps_per_bar=12)
    assert (facts.steps, facts.steps_per_bar) == (192, 12)
    assert (facts.encoder_levels, facts.decoder_levels) == ((12, 16), (16, 12))
    assert CONFIGURATIONS["cat-mel_2bar_small"].facts(steps_per_bar=12).steps == 24
