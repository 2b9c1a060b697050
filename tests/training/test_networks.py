"""Magenta's networks in TensorFlow, their checkpoints and their playables (one process, one import)."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfm.errors import ModelError, TrainingError
from latentfm.models.card import Card
from latentfm.models.event_rnn import EventRNN
from latentfm.models.music_vae import MusicVAE
from latentfm.models.playable import Steps

tf: Any = pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
pytestmark = pytest.mark.train

from latentfm.training.checkpoints import read as checkpoints  # noqa: E402 - TensorFlow is there
from latentfm.training.fit import loop, vae  # noqa: E402 - TensorFlow is there
from latentfm.training.networks.cells import Weights, lstm_gates, lstm_layer  # noqa: E402
from latentfm.training.networks.rnn_network import RnnNetwork, RnnShape  # noqa: E402
from latentfm.training.networks.vae_network import VaeNetwork, VaeShape  # noqa: E402
from latentfm.training.playables import convert  # noqa: E402

SMALL_VAE = VaeShape(90, 90, 12, (10, 10), 8)
SMALL_RNN = RnnShape(74, 40, (12, 12), 6)


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
    weights = lively(Weights(SMALL_VAE.shapes()))
    network = VaeNetwork(SMALL_VAE, weights)
    written = convert.write_playable(
        convert.vae_signatures(network), weights, card("small", convert.vae_facts(network, "melody")), tmp_path
    )
    assert isinstance(written.model, convert.VaeFacts)
    model = MusicVAE(written.model, Steps(tmp_path / "small.tflite", written.sha256))
    labels = np.random.default_rng(1).integers(0, 90, (4, 32)).astype(np.int16)
    mu, sigma = model.encode(labels)
    want = network.encode(tf.one_hot(labels, 90))
    np.testing.assert_allclose(mu, want[0], atol=1e-5)
    np.testing.assert_allclose(sigma, want[1], atol=1e-5)
    drawn = model.decode(mu, np.random.default_rng(0), 0.0).labels
    np.testing.assert_array_equal(drawn, network.likeliest(tf.constant(mu)))
    assert len(np.unique(drawn)) > 2
    size = (tmp_path / "small.tflite").stat().st_size
    halved = convert.write_playable(convert.vae_signatures(network), weights, written, tmp_path, half=True)
    assert (tmp_path / "small.tflite").stat().st_size < size
    rounded, _ = MusicVAE(written.model, Steps(tmp_path / "small.tflite", halved.sha256)).encode(labels)
    np.testing.assert_allclose(rounded, want[0], atol=5e-3)


def test_a_playable_rnns_ring_is_the_networks_memory(tmp_path: Path) -> None:
    """The log-likelihood of a melody longer than the attention agrees with TensorFlow's logits."""
    weights = lively(Weights(SMALL_RNN.shapes()))
    network = RnnNetwork(SMALL_RNN, weights)
    facts = convert.rnn_facts(network, "melody", encoding="key_melody")
    written = convert.write_playable(convert.rnn_signatures(network), weights, card("small", facts), tmp_path)
    model = EventRNN(facts, Steps(tmp_path / "small.tflite", written.sha256))
    melody = [60, -2, 64, 67, -1, -2, 72, 71, 67, -2, 60, 62, 64, -2, 65, 67, 60, -2, 64, 67]
    cursor = model._encoding.cursor()
    inputs, total = [], 0.0
    labels = []
    for event in model._moved(melody, model._shift(melody)):
        if inputs:
            labels.append(cursor.label(event))
        inputs.append(cursor.push(event))
    logits = tf.nn.log_softmax(network.logits(tf.constant(np.stack(inputs)[None])))[0].numpy()
    total = float(sum(logits[step, label] for step, label in enumerate(labels)))
    assert model.log_likelihood(melody) == pytest.approx(total, abs=1e-3)


def save(weights: Weights, folder: Path) -> Path:
    """Write a checkpoint under Magenta's names."""
    tf.compat.v1.train.Saver(dict(weights)).save(None, str(folder / "model.ckpt"), write_meta_graph=False)
    return folder


def test_sizes_and_weights_come_from_a_checkpoint(tmp_path: Path) -> None:
    """A checkpoint, and a tar of one, tell the sizes of their network by names and shapes."""
    weights = lively(Weights(SMALL_VAE.shapes()))
    save(weights, tmp_path)
    with tarfile.open(tmp_path / "model.tar", "w") as archive:
        for file in tmp_path.glob("model.ckpt*"):
            archive.add(file, f"../../{file.name}")  # a path that climbs is read by its last name only
    for source in (tmp_path, tmp_path / "model.tar"):
        variables = checkpoints.read_variables(source)
        assert checkpoints.vae_shape(variables) == SMALL_VAE
        other = Weights(SMALL_VAE.shapes(), seed=9)
        checkpoints.load_into(other, variables, "test")
        for name, variable in weights.items():
            np.testing.assert_array_equal(other[name].numpy(), variable.numpy())
    assert not (tmp_path.parent.parent / "model.ckpt.index").exists()


def test_a_checkpoint_of_another_size_is_refused(tmp_path: Path) -> None:
    """The error names the tensor and both shapes."""
    save(lively(Weights(SMALL_RNN.shapes())), tmp_path)
    variables = checkpoints.read_variables(tmp_path)
    assert checkpoints.rnn_shape(variables).rnn_layer_sizes == (12, 12)
    with pytest.raises(ModelError, match=r"fully_connected/biases: \(40,\) in the checkpoint, \(38,\) in the network"):
        checkpoints.load_into(Weights(RnnShape(74, 38, (12, 12), 6).shapes()), variables, "test")


@pytest.mark.parametrize("name", ["nothing.mag", "half.mag", "text.tar", "empty"])
def test_what_is_no_checkpoint_is_refused(name: str, tmp_path: Path) -> None:
    """Missing, truncated and foreign files give an error that names them."""
    path = tmp_path / name
    if name in ("half.mag", "text.tar"):
        path.write_bytes(b"\x0a\xff\xff\x03 not what it says it is")
    if name == "empty":
        path.mkdir()
    with pytest.raises(ModelError, match=name):
        checkpoints.read_variables(path)


def small_task(steps: int = 12) -> loop.Task:
    """Put a tiny training together."""
    recipe = vae.VaeRecipe("tiny", SMALL_VAE, loop.Schedule(steps, 4, save_every=4, evaluate_every=100), vae.Beta())
    windows = np.random.default_rng(0).integers(0, 90, (20, 32)).astype(np.int16)
    return vae.vae_task(recipe, lambda rng, n: windows[rng.integers(0, 20, n)], windows[:8], tf.float32)[0]


def test_a_training_that_was_killed_goes_on_as_if_it_had_not(tmp_path: Path) -> None:
    """Stopped and taken up again, it ends with the weights of a training in one go."""
    whole, parts = small_task(), small_task()
    loop.train(whole, tmp_path / "whole")
    loop.train(parts, tmp_path / "parts", stop_at=5)
    again = small_task()
    loop.train(again, tmp_path / "parts")
    for name in whole.weights:
        np.testing.assert_allclose(again.weights[name].numpy(), whole.weights[name].numpy(), rtol=1e-4, atol=1e-6)


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
