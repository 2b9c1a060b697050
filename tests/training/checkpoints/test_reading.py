"""Checkpoints of every generation are read, recognised and, where they are none, refused (needs TensorFlow)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfm.errors import ModelError
from latentfm.models.event_rnn import CONFIGURATIONS as RNNS
from latentfm.models.music_vae import CONFIGURATIONS as VAES

tf: Any = pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
pytestmark = pytest.mark.train

from latentfm.training.checkpoints.graph import checkpoint_and_graph  # noqa: E402
from latentfm.training.checkpoints.load import load_into  # noqa: E402
from latentfm.training.checkpoints.read import read_checkpoint  # noqa: E402
from latentfm.training.checkpoints.recognise import identify, network_shapes, rnn_shape  # noqa: E402
from latentfm.training.networks.cells import Weights  # noqa: E402

v1 = tf.compat.v1
MELODY_RNN = RNNS["attention_rnn"].facts((12, 12), 40)


@pytest.mark.parametrize("old", [False, True], ids=["V2", "V1"])
@pytest.mark.parametrize(
    ("written", "said"),
    [("today", "kernel and bias"), ("1.0", "weights and biases"), ("0.11", "Linear/Matrix"), ("LSTMCell", "W_0 and B")],
)
def test_all_generations_of_names_are_read(written: str, said: str, *, old: bool, make: Any, tmp_path: Path) -> None:
    """A network has the same weights whichever TensorFlow named them, in V1 and V2; what served training is left."""
    weights = make.drawn(MELODY_RNN)
    checkpoint = read_checkpoint(
        make.save(make.arrays(weights, make.renamed[written]), tmp_path / "model.ckpt-7", old=old)
    )
    assert said in checkpoint.generation
    assert checkpoint.step == 7
    match = identify(checkpoint)
    assert match.config == "attention_rnn"
    assert match.facts == MELODY_RNN
    other = Weights(network_shapes(match.facts), seed=9)
    load_into(other, checkpoint.variables, "test")
    for name, variable in weights.items():
        np.testing.assert_array_equal(other[name].numpy(), variable.numpy())


@pytest.mark.parametrize("name", [*RNNS, *VAES])
def test_every_configuration_is_recognised_by_its_variables(name: str, make: Any, tmp_path: Path) -> None:
    """Shapes and names tell a configuration with Magenta's layers; two that differ in their training alone are one."""
    if name in VAES:
        sizes = VAES[name].hyperparameters
        layers = [(12,) * len(some) for some in (sizes.enc_rnn_size, sizes.dec_rnn_size)]
        facts: Any = VAES[name].facts(8, *layers)
    else:
        usual = RNNS[name].hyperparameters
        facts = RNNS[name].facts((12,) * len(usual.rnn_layer_sizes), usual.attn_length)
    checkpoint = read_checkpoint(make.save(make.arrays(make.drawn(facts)), tmp_path / "model.ckpt"))
    assert identify(checkpoint).facts == facts
    assert identify(checkpoint, name).config == name


def test_a_checkpoint_of_something_else_is_told(make: Any, tmp_path: Path) -> None:
    """What fits no configuration is described, so that its owner knows what it is."""
    facts = MELODY_RNN.model_copy(update={"max_note": 100})
    checkpoint = read_checkpoint(make.save(make.arrays(make.drawn(facts)), tmp_path / "model.ckpt"))
    with pytest.raises(ModelError, match="no configuration that Latent FM plays: an event RNN of 90 inputs and 56"):
        identify(checkpoint)
    other = read_checkpoint(make.save({"conv/kernel": np.zeros(3, np.float32)}, tmp_path / "other.ckpt"))
    with pytest.raises(ModelError, match="another network"):
        identify(other)
    with pytest.raises(ModelError, match="did you mean attention_rnn"):
        identify(checkpoint, "attention_rn")


def test_what_does_not_fit_is_named_with_both_shapes(make: Any, tmp_path: Path) -> None:
    """Every tensor is told: another shape, missing, too many."""
    variables = make.arrays(make.drawn(MELODY_RNN))
    variables["rnn/multi_rnn_cell/cell_2/basic_lstm_cell/kernel"] = np.zeros((24, 48), np.float32)
    del variables["fully_connected/biases"]
    checkpoint = read_checkpoint(make.save(variables, tmp_path / "model.ckpt"))
    with pytest.raises(ModelError) as told:
        load_into(Weights(network_shapes(RNNS["basic_rnn"].facts((12, 12), 0))), checkpoint.variables, "it")
    lines = str(told.value).splitlines()
    assert lines[0] == "it does not fit this model:"
    assert "  fully_connected/weights: (12, 40) in the checkpoint, (12, 38) in the network" in lines
    assert "  fully_connected/biases: not in the checkpoint, (38,) in the network" in lines
    kernel = "rnn/multi_rnn_cell/cell_2/basic_lstm_cell/kernel"
    assert f"  {kernel}: (24, 48) in the checkpoint, not in the network" in lines


def test_a_bundle_says_how_long_its_attention_is(make: Any, tmp_path: Path) -> None:
    """Over how many steps it attends is in the metagraph alone; without one the configuration says it."""
    facts = MELODY_RNN.model_copy(update={"attn_length": 17})
    weights = make.arrays(make.drawn(facts))
    prefix = make.save(weights, tmp_path / "model.ckpt", old=True)
    _, graph = checkpoint_and_graph(rnn_shape(facts), weights)
    for content, length in ((graph, 17), (b"", 40), (b"?", 40)):
        found = identify(read_checkpoint(make.bundle(tmp_path / "a.mag", prefix, graph=content))).facts
        assert found == facts.model_copy(update={"attn_length": length})


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("text.mag", b"not what it says it is\n", "truncated, or no Magenta bundle|holds no checkpoint"),
        ("empty.mag", b"", "holds no checkpoint"),
        ("text.tar", b"not what it says it is\n", "no archive at all"),
        ("text.ckpt", b"not what it says it is\n", "damaged, or no checkpoint"),
    ],
)
def test_what_is_no_checkpoint_is_told(name: str, content: bytes, said: str, make: Any, tmp_path: Path) -> None:
    """A file that only has the name of one gives an error that names it."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=said) as told:
        read_checkpoint(tmp_path / name)
    assert name in str(told.value)


@pytest.mark.parametrize("missing", ["nothing.mag", "nothing.tar", "nothing", "folder"])
def test_where_nothing_is_an_error_says_so(missing: str, make: Any, tmp_path: Path) -> None:
    """A path without a checkpoint is named."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(ModelError, match=missing):
        read_checkpoint(tmp_path / missing)


def test_a_damaged_checkpoint_in_a_whole_bundle_is_told(make: Any, tmp_path: Path) -> None:
    """TensorFlow's own fault is put into words."""
    prefix = make.save(make.arrays(make.drawn(MELODY_RNN)), tmp_path / "model.ckpt", old=True)
    prefix.write_bytes(prefix.read_bytes()[:-300])
    with pytest.raises(ModelError, match="damaged"):
        read_checkpoint(make.bundle(tmp_path / "cut.mag", prefix))
