"""Magenta's networks in TensorFlow, their checkpoints and their playables (one process, one import)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfm.errors import TrainingError
from latentfm.models.card import Card
from latentfm.models.event_rnn import CONFIGURATIONS as RNNS
from latentfm.models.event_rnn import EventRNN
from latentfm.models.event_rnn.encodings import encoding_of
from latentfm.models.events import drum_pitches_to_label
from latentfm.models.music_vae import CONFIGURATIONS, MusicVAE
from latentfm.models.playable import Steps

tf: Any = pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
pytestmark = pytest.mark.train

from latentfm.training.fit import loop, vae  # noqa: E402 - TensorFlow is there
from latentfm.training.networks.cells import Weights, lstm_gates, lstm_layer  # noqa: E402
from latentfm.training.networks.rnn_network import RnnNetwork, RnnShape  # noqa: E402
from latentfm.training.networks.vae_network import VaeNetwork  # noqa: E402
from latentfm.training.networks.vae_variables import variable_shapes  # noqa: E402
from latentfm.training.playables import rnn as rnn_playable  # noqa: E402
from latentfm.training.playables import vae as vae_playable  # noqa: E402
from latentfm.training.playables.write import write_playable  # noqa: E402

MELODY_VAE = CONFIGURATIONS["cat-mel_2bar_small"]
SMALL_VAE = MELODY_VAE.facts(z_size=8, enc_rnn_size=(12,), dec_rnn_size=(10, 10))


def lively(weights: Weights, seed: int = 0) -> Weights:
    """Draw every variable, biases too, at the scale of a trained one."""
    rng = np.random.default_rng(seed)
    for variable in weights.values():
        variable.assign(rng.normal(0, 0.4, variable.shape).astype(np.float32))
    return weights


def card(name: str, facts: Any) -> Card:
    """Return a card of a test model."""
    return Card(name=name, description="test", config="test", licence="none", model=facts, parameters=0, sha256="")


def test_the_layers_own_gradient_is_tensorflows() -> None:
    """The collected gradient of an LSTM layer equals that of its unrolled steps."""
    rng = np.random.default_rng(0)
    gates, w = rng.normal(size=(5, 3, 16)).astype(np.float32), rng.normal(size=(4, 16)).astype(np.float32)
    state = rng.normal(size=(2, 3, 4)).astype(np.float32)
    inputs = [tf.constant(value) for value in (gates, w, state[0], state[1])]

    def unrolled(gates: Any, w: Any, c: Any, h: Any) -> Any:
        outputs = []
        for step in range(5):
            c, h = lstm_gates(gates[step] + h @ w, c)
            outputs.append(h)
        return tf.stack(outputs)

    results = []
    for run in (unrolled, lstm_layer):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = tf.reduce_sum(run(*inputs) ** 3)
        results.append([loss, *tape.gradient(loss, inputs)])
    for plain, own in zip(*results, strict=True):
        np.testing.assert_allclose(plain, own, rtol=1e-4, atol=1e-5)


def test_a_playable_vae_computes_what_its_network_does(tmp_path: Path) -> None:
    """Encoding and decoding through LiteRT agree with TensorFlow; float16 storage rounds a little."""
    weights = lively(Weights(variable_shapes(SMALL_VAE)))
    network = VaeNetwork(SMALL_VAE, weights)
    written = write_playable(
        vae_playable.vae_signatures(network),
        weights,
        card("small", SMALL_VAE),
        tmp_path,
    )
    model = MusicVAE(SMALL_VAE, Steps(tmp_path / "small.tflite", written.sha256))
    labels = np.random.default_rng(1).integers(0, 90, (4, 32)).astype(np.int16)
    mu, sigma = model.encode(labels)
    want = network.encode(tf.one_hot(labels, 90))
    np.testing.assert_allclose(mu, want[0], atol=1e-5)
    np.testing.assert_allclose(sigma, want[1], atol=1e-5)
    drawn = model.decode(mu, np.random.default_rng(0), 0.0).labels
    np.testing.assert_array_equal(drawn, network.likeliest(tf.constant(mu)))
    assert len(np.unique(drawn)) > 2
    size = (tmp_path / "small.tflite").stat().st_size
    halved = write_playable(vae_playable.vae_signatures(network), weights, written, tmp_path, precision="float16")
    assert (tmp_path / "small.tflite").stat().st_size < size
    rounded, _ = MusicVAE(SMALL_VAE, Steps(tmp_path / "small.tflite", halved.sha256)).encode(labels)
    np.testing.assert_allclose(rounded, want[0], atol=5e-3)


@pytest.mark.parametrize(
    ("config", "layers", "attn_length"),
    [("attention_rnn", (12, 12), 6), ("drum_kit", (8, 12, 10), 5), ("lookback_rnn", (14,), 0), ("one_drum", (6, 8), 0)],
)
def test_a_playable_step_is_the_networks(
    config: str, layers: tuple[int, ...], attn_length: int, tmp_path: Path
) -> None:
    """Step by step, beyond the attention's memory, a playable gives the logits of the network over a whole sequence."""
    facts = RNNS[config].facts(layers, attn_length)
    encoding = encoding_of(facts)
    shape = RnnShape(encoding.input_size, encoding.num_classes, layers, attn_length)
    weights = lively(Weights(shape.shapes()))
    network = RnnNetwork(shape, weights)
    signatures = rnn_playable.rnn_signatures(network, encoding.most_active)
    written = write_playable(signatures, weights, card("small", facts), tmp_path)
    model = EventRNN(facts, Steps(tmp_path / "small.tflite", written.sha256))
    melody = [60, -2, 64, 67, -1, -2, 72, 71, 67, -2, 60, 62, 64, -2, 65, 67, 60, -2, 64, 67]  # in C, and in range
    drums = [frozenset({36, 42} if step % 4 == 0 else {42} if step % 2 == 0 else ()) for step in range(20)]
    cursor = encoding.cursor()
    pushed = [drum_pitches_to_label(event) for event in drums] if config == "drum_kit" else melody
    pushed = [int(bool(event)) for event in drums] if config == "one_drum" else pushed
    inputs = np.stack([cursor.push(event) for event in pushed])[None]
    want = network.logits(tf.constant(inputs))[0].numpy()
    np.testing.assert_allclose(
        model.logits(melody if facts.representation == "melody" else drums), want, atol=1e-5 * np.abs(want).max()
    )


def small_task(steps: int = 12) -> loop.Task:
    """Put a tiny training together."""
    recipe = vae.VaeRecipe("tiny", SMALL_VAE, loop.Schedule(steps, 4, save_every=4, evaluate_every=100), vae.Beta())
    windows = np.random.default_rng(0).integers(0, 90, (20, 32)).astype(np.int16)
    return vae.vae_task(recipe, lambda rng, n: windows[rng.integers(0, 20, n)], windows[:8], tf.float32)[0]


def test_a_loss_that_is_no_number_stops_the_training(tmp_path: Path) -> None:
    """What was saved before stays, and the error says at which step."""
    task = small_task()
    task.weights["decoder/output_projection/bias"].assign(np.full(90, np.nan, np.float32))
    with pytest.raises(TrainingError, match="at step"):
        loop.train(task, tmp_path)


def test_codes_to_one_side_of_the_prior_are_far_from_it() -> None:
    """Taken together, codes with the prior's moments are near it; the same codes moved aside are not."""
    rng = np.random.default_rng(0)
    mu = 0.6 * rng.standard_normal((4096, 8)).astype(np.float32)
    sigma = np.full((4096, 8), 0.8, np.float32)
    assert float(vae.distance_together(mu, sigma)) < 0.02
    moved = float(vae.distance_together(mu + np.float32(0.5), sigma))
    assert moved == pytest.approx(8 * 0.5**2 / 2, rel=0.05)


def test_intervals_are_counted_from_the_last_pitch_as_likely_as_they_are() -> None:
    """Holds and rests between two notes change nothing; half a chance counts half, more than an octave nothing."""
    labels = tf.constant([[20, 0, 1, 22, 22, 60]])
    chances = np.zeros((1, 6, 90), np.float32)
    for step, label in enumerate((20, 0, 1, 22, 22, 60)):
        chances[0, step, label] = 1.0
    chances[0, 4] = 0.0
    chances[0, 4, [22, 29]] = 0.5
    counted = vae._intervals(labels, tf.constant(chances)).numpy()
    expected = np.ones(25)
    expected[12 + 2] += 1.0
    expected[12] += 0.5
    expected[12 + 7] += 0.5
    np.testing.assert_allclose(counted, expected / expected.sum(), rtol=1e-6)


def test_a_decoder_learns_to_draw_the_intervals_of_a_batch() -> None:
    """The divergence is 0 for what a decoder draws itself, and falls when it is followed downhill."""
    facts = CONFIGURATIONS["cat-mel_2bar_small"].facts(4, (8,), (8, 8), 8)
    weights, rng = Weights(variable_shapes(facts)), np.random.default_rng(1)
    for variable in weights.values():
        variable.assign(rng.normal(0, 0.5, variable.shape).astype(np.float32))
    network = VaeNetwork(facts, weights)
    points = tf.constant(rng.standard_normal((16, 4)).astype(np.float32))
    seconds = np.tile([30, 0, 32, 0, 34, 0, 36, 0], (16, 2))
    found = []
    for _ in range(60):
        with tf.GradientTape() as tape:
            loss = vae.strangeness(network, points, tf.constant(seconds.astype(np.int32)))
        for variable, gradient in zip(weights.values(), tape.gradient(loss, list(weights.values())), strict=True):
            if gradient is not None:
                variable.assign_sub(0.02 * tf.sign(gradient))
        found.append(float(loss))
    assert found[-1] < 0.8 * found[0]
