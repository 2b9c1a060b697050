"""NSynth's network in TensorFlow, its playables, and checkpoints that are not its (needs TensorFlow)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tiny_nsynth
from latentfm.errors import ModelError
from latentfm.models.card import read_card
from latentfm.models.nsynth import CONFIGURATIONS, NSynth, NSynthFacts
from latentfm.models.nsynth.mu_law import compress, seen
from latentfm.models.playable import Steps
from nsynth_checkpoints import saved
from nsynth_direct import Direct
from nsynth_weights import draw
from tiny_nsynth import FACTS, weights

tf: Any = pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
pytestmark = pytest.mark.train

from latentfm.training.checkpoints.read import Checkpoint  # noqa: E402 - TensorFlow is there
from latentfm.training.checkpoints.recognise import identify  # noqa: E402
from latentfm.training.exporting import export  # noqa: E402
from latentfm.training.importing import Wish, import_checkpoint  # noqa: E402
from latentfm.training.networks.cells import Weights  # noqa: E402
from latentfm.training.networks.nsynth_network import NSynthNetwork  # noqa: E402
from latentfm.training.networks.nsynth_variables import variable_shapes  # noqa: E402

SMALL = CONFIGURATIONS["wavenet"].facts(2, 4, 3, 2, 5, 6)


def held(values: dict[str, Any]) -> Weights:
    """Return weights that hold values."""
    found = Weights({name: value.shape for name, value in values.items()})
    for name, value in values.items():
        found[name].assign(value)
    return found


def test_the_network_over_whole_signals_is_the_plain_one() -> None:
    """Codes, and logits given the true samples before."""
    rng = np.random.default_rng(2)
    network, direct = NSynthNetwork(FACTS, held(weights())), Direct(FACTS, weights())
    audio = rng.uniform(-0.5, 0.5, (2, 3 * FACTS.hop)).astype(np.float32)
    codes = direct.encode(audio)
    np.testing.assert_allclose(network.encode(tf.constant(compress(audio))), codes, atol=1e-5)
    labels = rng.integers(0, 256, audio.shape)
    logits = network.logits(tf.constant(seen(labels)), tf.constant(codes, tf.float32))
    np.testing.assert_allclose(logits, direct.logits(codes, labels), atol=1e-5)


def test_every_variable_learns_but_the_one_that_nothing_hears() -> None:
    """The loss of a note has a gradient for each variable; the last layer gives nothing on to a layer above."""
    network = NSynthNetwork(FACTS, held(weights()))
    samples = tf.constant(seen(np.random.default_rng(3).integers(0, 256, (1, 2 * FACTS.hop))))
    with tf.GradientTape() as tape:
        logits = network.logits(samples, network.encode(samples))
        loss = tf.reduce_mean(tf.math.reduce_logsumexp(logits, axis=2) - logits[..., 0])
    gradients = dict(zip(network.weights, tape.gradient(loss, list(network.weights.values())), strict=True))
    deaf = {name for name, gradient in gradients.items() if gradient is None or not np.any(gradient)}
    assert deaf == {f"res_{FACTS.layers}/W", f"res_{FACTS.layers}/biases"}


def test_the_playable_of_the_tests_is_what_is_written_today(tmp_path: Path) -> None:
    """Or it is to be written anew: `python tests/support/tiny_nsynth.py`."""
    tiny_nsynth.write(tmp_path)
    card = read_card(tmp_path / "tiny.json")
    assert card.model == read_card(tiny_nsynth.FOLDER / "tiny.json").model == FACTS
    today, kept = NSynth(FACTS, Steps(tmp_path / "tiny.tflite", card.sha256)), tiny_nsynth.tiny()
    rng = np.random.default_rng(4)
    labels, codes = rng.integers(0, 256, (2, 3 * FACTS.hop)), rng.standard_normal((2, 3, 4)).astype(np.float32)
    np.testing.assert_allclose(today.logits(codes, labels), kept.logits(codes, labels), atol=1e-5)
    audio = rng.uniform(-0.5, 0.5, (1, 3 * FACTS.hop)).astype(np.float32)
    np.testing.assert_allclose(today.encode(audio), kept.encode(audio), atol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_a_checkpoint_is_told_by_its_variables_and_plays(precision: Any, tmp_path: Path) -> None:
    """It is of no metre; its own variables are taken, not their averages; in 16 or 8 bits it is nearly the same."""
    values = draw(variable_shapes(SMALL), 1)
    entry = import_checkpoint(
        saved(values, tmp_path / "model.ckpt-200000"), tmp_path, Wish("small", precision=precision)
    )
    card = entry.card
    assert isinstance(card.model, NSynthFacts)
    assert card.model == SMALL
    assert (card.config, card.metre) == ("wavenet", "any")
    assert card.provenance["imported"]["names"] == "W and biases (NSynth's own)"
    assert card.parameters == sum(value.size for value in values.values())
    rng = np.random.default_rng(5)
    labels, codes = rng.integers(0, 256, (1, 40)), rng.standard_normal((1, 1, 6)).astype(np.float32)
    found = NSynth(SMALL, Steps(entry.path, card.sha256)).logits(codes, labels)
    expected = Direct(SMALL, values).logits(codes, labels)
    share = {"float32": 1e-5, "float16": 0.01, "int8": 0.1}[precision]
    assert np.abs(found - expected).max() < share * expected.std()


def test_the_published_sizes_are_found() -> None:
    """Those of the one checkpoint that Magenta has published."""
    usual = CONFIGURATIONS["wavenet"].facts()
    shapes = variable_shapes(usual)
    assert sum(int(np.prod(shape)) for shape in shapes.values()) == 61_804_048
    variables: Any = {name: np.broadcast_to(np.float32(0), shape) for name, shape in shapes.items()}
    match = identify(Checkpoint(Path("model.ckpt"), variables, ""))
    assert (match.config, match.facts) == ("wavenet", usual)


def test_a_variable_that_does_not_fit_is_named_with_both_shapes(tmp_path: Path) -> None:
    """As are those that are missing."""
    values = draw(variable_shapes(SMALL), 1)
    values["res_1/W"] = values["res_1/W"][..., :3]
    del values["cond_map_2/biases"]
    prefix = saved(values, tmp_path / "model.ckpt-1")
    with pytest.raises(ModelError) as caught:
        import_checkpoint(prefix, tmp_path / "models", Wish("small", "wavenet"))
    said = str(caught.value)
    assert "res_1/W: (1, 1, 4, 3) in the checkpoint, (1, 1, 4, 4) in the network" in said
    assert "cond_map_2/biases: not in the checkpoint, (8,) in the network" in said
    assert not (tmp_path / "models").exists() or not list((tmp_path / "models").iterdir())


def test_a_checkpoint_of_another_kind_is_refused(tmp_path: Path) -> None:
    """Neither is something else taken for NSynth, nor NSynth for something else; nor is it exported."""
    other = saved({"fully_connected/weights": np.zeros((4, 4), np.float32)}, tmp_path / "other.ckpt")
    with pytest.raises(ModelError, match="has no variable ae_startconv/W"):
        import_checkpoint(other, tmp_path / "models", Wish("one", "wavenet"))
    own = saved(draw(variable_shapes(SMALL), 1), tmp_path / "own.ckpt")
    with pytest.raises(ModelError, match="has no variable encoder/mu/kernel"):
        import_checkpoint(own, tmp_path / "models", Wish("one", "cat-mel_2bar_big"))
    with pytest.raises(ModelError, match="not trained here"):
        export(own, tmp_path / "out.tar")
