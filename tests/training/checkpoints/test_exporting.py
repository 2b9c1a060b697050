"""What was trained goes back into Magenta's formats (needs TensorFlow)."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from note_seq.protobuf import generator_pb2

from latentfm.errors import ModelError
from latentfm.models.event_rnn import CONFIGURATIONS as RNNS
from latentfm.models.music_vae import CONFIGURATIONS as VAES
from latentfm.models.music_vae import MusicVAE
from latentfm.models.playable import Steps

tf: Any = pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
pytestmark = pytest.mark.train

from latentfm.training.checkpoints.read import read_checkpoint  # noqa: E402
from latentfm.training.checkpoints.recognise import identify, rnn_shape  # noqa: E402
from latentfm.training.exporting import export  # noqa: E402
from latentfm.training.importing import Wish, import_checkpoint  # noqa: E402
from latentfm.training.networks.rnn_network import RnnNetwork  # noqa: E402
from latentfm.training.networks.vae_network import VaeNetwork  # noqa: E402

v1 = tf.compat.v1
MELODY_RNN = RNNS["attention_rnn"].facts((12, 12), 40)
MELODY_VAE = VAES["cat-mel_2bar_small"].facts(8, (12,), (10, 10))


def test_an_exported_bundle_has_what_magenta_looks_for(make: Any, tmp_path: Path) -> None:
    """Its metagraph alone computes what the network does, through Magenta's collections, in one go and in two."""
    weights = make.drawn(MELODY_RNN)
    source = make.save(make.arrays(weights), tmp_path / "reels" / "model.ckpt-9")
    exported = export(source.parent, tmp_path / "out.mag")
    assert exported.sizes == {"rnn_layer_sizes": [12, 12], "attn_length": 40}
    message = generator_pb2.GeneratorBundle.FromString((tmp_path / "out.mag").read_bytes())
    assert message.generator_details.id == "attention_rnn"
    (tmp_path / "model.ckpt").write_bytes(message.checkpoint_file[0])
    (tmp_path / "model.ckpt.meta").write_bytes(message.metagraph_file)
    inputs = np.eye(74, dtype=np.float32)[np.random.default_rng(0).integers(0, 74, (1, 50))]
    with tf.Graph().as_default() as graph, v1.Session() as session:
        v1.train.import_meta_graph(str(tmp_path / "model.ckpt.meta")).restore(session, str(tmp_path / "model.ckpt"))
        get = graph.get_collection
        (given,), (heat,), (softmax,) = get("inputs"), get("temperature"), get("softmax")
        initial, final = get("initial_state"), get("final_state")
        state = session.run(initial)
        whole = session.run(softmax, {given: inputs, heat: 2.0, **dict(zip(initial, state, strict=True))})
        parts = []
        for part in (inputs[:, :20], inputs[:, 20:]):
            feed = {given: part, heat: 2.0, **dict(zip(initial, state, strict=True))}
            state, said = session.run([final, softmax], feed)
            parts.append(said)
    wanted = tf.nn.softmax(RnnNetwork(rnn_shape(MELODY_RNN), weights).logits(inputs) / 2.0)
    np.testing.assert_allclose(whole, wanted, atol=1e-5)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-6)
    assert identify(read_checkpoint(tmp_path / "out.mag")).facts == MELODY_RNN


def test_an_exported_tar_comes_back_the_same(make: Any, tmp_path: Path) -> None:
    """A MusicVAE goes out as a V2 checkpoint with its counter of steps, and is imported again."""
    weights = make.drawn(MELODY_VAE)
    source = make.save(make.arrays(weights), tmp_path / "run" / "model.ckpt-9")
    exported = export(source.parent, tmp_path / "out.tar")
    assert exported.sizes == {"z_size": 8, "enc_rnn_size": [12], "dec_rnn_size": [10, 10], "max_seq_len": 32}
    with tarfile.open(tmp_path / "out.tar") as archive:
        kept = [member.name for member in archive]
    assert [name for name in kept if name.endswith(".index")] == ["cat-mel_2bar_small.ckpt.index"]
    checkpoint = read_checkpoint(tmp_path / "out.tar")
    assert checkpoint.step == 7
    assert checkpoint.config == "cat-mel_2bar_small"
    assert set(checkpoint.variables) == set(weights)
    entry = import_checkpoint(tmp_path / "out.tar", tmp_path / "models", Wish(name="back"))
    labels = np.random.default_rng(0).integers(0, 90, (2, 32)).astype(np.int16)
    mu, sigma = MusicVAE(MELODY_VAE, Steps(entry.path, entry.card.sha256)).encode(labels)
    wanted = VaeNetwork(MELODY_VAE, weights).encode(tf.one_hot(labels, 90))
    np.testing.assert_allclose(mu, wanted[0], atol=1e-5)
    np.testing.assert_allclose(sigma, wanted[1], atol=1e-5)


def test_an_export_that_fails_leaves_what_was_there(make: Any, full_disk: Any, tmp_path: Path) -> None:
    """Of the wrong kind, or without room: the file that has the name stays."""
    source = make.save(make.arrays(make.drawn(MELODY_VAE)), tmp_path / "run" / "model.ckpt").parent
    target = tmp_path / "out.tar"
    target.write_bytes(b"before")
    with pytest.raises(ModelError, match=r"keeps in \.tar files, not in 'out\.mag'"):
        export(source, tmp_path / "out.mag")
    with full_disk(), pytest.raises(ModelError, match=r"out\.tar can't be written: .*stays"):
        export(source, target)
    assert target.read_bytes() == b"before"
    assert {path.name for path in tmp_path.iterdir()} == {"run", "out.tar"}
