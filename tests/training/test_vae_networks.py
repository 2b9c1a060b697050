"""MusicVAE's networks in each shape: what trains, what plays, and what int8 weights change (one import)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfm.models.card import Card
from latentfm.models.music_vae import CONFIGURATIONS, MusicVAE, VaeFacts
from latentfm.models.music_vae.inputs import encoder_inputs
from latentfm.models.playable import Steps

tf: Any = pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
pytestmark = pytest.mark.train

from latentfm.training.networks.cells import Weights  # noqa: E402 - TensorFlow is there
from latentfm.training.networks.vae_network import VaeNetwork  # noqa: E402
from latentfm.training.networks.vae_variables import variable_shapes  # noqa: E402
from latentfm.training.playables.precision import Precision  # noqa: E402
from latentfm.training.playables.vae import vae_signatures  # noqa: E402
from latentfm.training.playables.write import write_playable  # noqa: E402


def small(name: str, units: int = 6) -> VaeFacts:
    """Return a configuration's facts with small layers and bars of four steps."""
    usual = CONFIGURATIONS[name].hyperparameters
    sizes = (units,) * len(usual.enc_rnn_size), (units,) * len(usual.dec_rnn_size)
    return CONFIGURATIONS[name].facts(5, *sizes, steps_per_bar=4)


def lively(facts: VaeFacts, seed: int = 0) -> Weights:
    """Draw every variable, biases too, at the scale of a trained one."""
    weights, rng = Weights(variable_shapes(facts)), np.random.default_rng(seed)
    for variable in weights.values():
        variable.assign(rng.normal(0, 0.4, variable.shape).astype(np.float32))
    return weights


def labels_of(facts: VaeFacts, n: int) -> Any:
    """Draw labels as the networks take them."""
    rng = np.random.default_rng(1)
    parts = [rng.integers(0, depth, (n, facts.steps)) for depth in facts.output_depths]
    return np.stack(parts, axis=2).astype(np.int32) if len(parts) > 1 else parts[0].astype(np.int32)


def written(facts: VaeFacts, weights: Weights, folder: Path, precision: Precision = "float32") -> MusicVAE:
    """Write a playable and load it."""
    card = Card(name=precision, description="", config="", licence="none", model=facts, parameters=0, sha256="")
    signatures = vae_signatures(VaeNetwork(facts, weights))
    card = write_playable(signatures, weights, card, folder, precision=precision)
    return MusicVAE(facts, Steps(folder / f"{precision}.tflite", card.sha256))


@pytest.mark.parametrize("name", ["flat-trio_16bar", "hier-trio_16bar", "hier-mel_16bar"])
def test_every_variable_learns(name: str) -> None:
    """The loss of a window, its bars and parts has a gradient for each variable of the network."""
    facts = small(name)
    weights = lively(facts)
    network, labels = VaeNetwork(facts, weights), labels_of(facts, 2)
    with tf.GradientTape() as tape:
        mu, sigma = network.encode(tf.constant(encoder_inputs(labels, facts), tf.float32))
        logits = network.teacher_forced(mu + sigma, tf.constant(labels), tf.ones([2, facts.steps]))
        loss = tf.reduce_mean(tf.math.reduce_logsumexp(logits, axis=2) - logits[..., 0])
    assert logits.shape == (2, facts.steps, facts.output_depth)
    for variable, gradient in zip(weights, tape.gradient(loss, list(weights.values())), strict=True):
        assert gradient is not None, variable
        assert float(tf.reduce_max(tf.abs(tf.convert_to_tensor(gradient)))) > 0, variable


def test_a_hidden_label_is_not_seen_by_the_step_after_it() -> None:
    """Where a trio's label is hidden, it makes no difference which one it was, in any part; elsewhere it does."""
    facts = small("hierdec-trio_16bar")
    network, labels = VaeNetwork(facts, lively(facts)), labels_of(facts, 1)
    keep, z = np.ones((1, facts.steps), np.float32), tf.ones([1, facts.z_size])
    keep[0, 9] = 0
    before = network.teacher_forced(z, tf.constant(labels), tf.constant(keep)).numpy()
    labels[0, 9] = 1
    np.testing.assert_array_equal(network.teacher_forced(z, tf.constant(labels), tf.constant(keep)), before)
    labels[0, 7] = 1  # the last step of a bar: the next one begins with it
    after = network.teacher_forced(z, tf.constant(labels), tf.constant(keep)).numpy()
    np.testing.assert_array_equal(after[0, :8], before[0, :8])
    assert np.abs(after[0, 8:12] - before[0, 8:12]).max() > 1e-3
    np.testing.assert_array_equal(after[0, 12:], before[0, 12:])  # a bar begins anew from its code


def test_a_playable_trio_computes_what_its_network_does(tmp_path: Path) -> None:
    """Codes, teacher-forced logits and the likeliest labels agree between LiteRT and TensorFlow."""
    facts = small("hier-trio_16bar")
    weights, labels = lively(facts), labels_of(facts, 3)
    network, model = VaeNetwork(facts, weights), written(facts, weights, tmp_path)
    for ours, want in zip(
        model.encode(labels.astype(np.int16)),
        network.encode(tf.constant(encoder_inputs(labels, facts), tf.float32)),
        strict=True,
    ):
        np.testing.assert_allclose(ours, want, atol=1e-5)
    z = np.random.default_rng(2).standard_normal((3, facts.z_size)).astype(np.float32)
    want = network.teacher_forced(tf.constant(z), tf.constant(labels))
    np.testing.assert_allclose(model.logits(z, labels.astype(np.int16)), want, atol=1e-4)
    drawn = model.decode(z, np.random.default_rng(0), 0.0).labels
    np.testing.assert_array_equal(drawn, network.likeliest(tf.constant(z)))
    assert len(np.unique(drawn)) > 5


def test_int8_weights_are_a_quarter_and_draw_nearly_the_same(tmp_path: Path) -> None:
    """A file of int8 weights is far smaller, and after the same labels its logits are near those of float32."""
    facts = CONFIGURATIONS["cat-mel_2bar_small"].facts(32, (128,), (128, 128))
    weights = lively(facts)
    for variable in weights.values():
        variable.assign(variable / 4.0)
    exact, rounded = (written(facts, weights, tmp_path, precision) for precision in ("float32", "int8"))
    sizes = [(tmp_path / f"{precision}.tflite").stat().st_size for precision in ("float32", "int8")]
    assert sizes[1] < 0.3 * sizes[0]
    z = np.random.default_rng(3).standard_normal((4, 32)).astype(np.float32)
    labels = exact.decode(z, np.random.default_rng(0), 1.0).labels
    ours, want = rounded.logits(z, labels), exact.logits(z, labels)
    assert 0 < np.abs(ours - want).max() < 0.1 * np.ptp(want)


def test_variables_have_the_order_of_the_parts() -> None:
    """A trio's decoders each have the classes of their part, one decoder of all parts has them side by side."""
    split, joined = (variable_shapes(small(name)) for name in ("hierdec-trio_16bar", "flat-trio_16bar"))
    outputs = [split[f"core_decoder/core_decoder_{part}/decoder/output_projection/bias"] for part in range(3)]
    assert outputs == [(90,), (90,), (512,)]
    assert joined["decoder/output_projection/bias"] == (90 + 90 + 512,)
