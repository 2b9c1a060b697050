"""Checkpoints become playables that are found by name (needs TensorFlow)."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfm.errors import ModelError, UnwrittenModelError
from latentfm.models import catalogue
from latentfm.models.event_rnn import CONFIGURATIONS as RNNS
from latentfm.models.music_vae import CONFIGURATIONS as VAES
from latentfm.models.playable import Steps

tf: Any = pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
pytestmark = pytest.mark.train

from latentfm.training.checkpoints.description import Description, write_description  # noqa: E402
from latentfm.training.checkpoints.read import read_checkpoint  # noqa: E402
from latentfm.training.checkpoints.recognise import rnn_shape  # noqa: E402
from latentfm.training.importing import Wish, import_checkpoint  # noqa: E402
from latentfm.training.networks.rnn_network import RnnNetwork  # noqa: E402

v1 = tf.compat.v1
MELODY_RNN = RNNS["attention_rnn"].facts((12, 12), 40)
PRIMER = [60, -2, 62, 64, -2, -1, 67, -2]


@pytest.mark.parametrize("share", [0.2, 0.7, 0.99])
def test_a_truncated_bundle_is_told(share: float, make: Any, tmp_path: Path) -> None:
    """Wherever a download ended, the error asks to fetch it again, and no model comes of it."""
    file = make.bundle(
        tmp_path / "cut.mag", make.save(make.arrays(make.drawn(MELODY_RNN)), tmp_path / "model.ckpt", old=True)
    )
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ModelError, match=r"cut\.mag is truncated"):
        import_checkpoint(file, tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_what_is_unpacked_lies_beside_the_models(
    make: Any, full_disk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's folder for the moment, which may be in memory, is not needed; a full disk is no damaged bundle."""
    monkeypatch.setattr(tempfile, "gettempdir", lambda: pytest.fail("the system's folder was asked for"))
    file = make.bundle(tmp_path / "reels.mag", make.save(make.arrays(make.drawn(MELODY_RNN)), tmp_path / "a", old=True))
    with full_disk(), pytest.raises(UnwrittenModelError, match=f"nothing can be unpacked in {tmp_path / 'models'}: "):
        import_checkpoint(file, tmp_path / "models")
    import_checkpoint(file, tmp_path / "models")
    assert {path.name for path in (tmp_path / "models").iterdir()} == {"reels.tflite", "reels.json"}


def test_an_old_bundle_becomes_a_model_that_plays(make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle of the oldest names is imported, found by its name, and continues a melody as its network does."""
    weights = make.drawn(MELODY_RNN)
    prefix = make.save(make.arrays(weights, make.renamed["0.11"]), tmp_path / "model.ckpt", old=True)
    target = tmp_path / "models"
    monkeypatch.setenv("LATENTFM_MODELS", str(target))
    entry = import_checkpoint(make.bundle(tmp_path / "reels.mag", prefix), target, Wish(url="http://a/reels.mag"))
    assert entry == catalogue.find("reels", "event_rnn", "melody")
    made = entry.card.provenance["imported"]
    assert (made["file"], made["url"]) == ("reels.mag", "http://a/reels.mag")
    assert made["sha256"] is not None
    assert "Linear/Matrix" in made["names"]
    assert entry.card.licence == "unstated"
    logits = catalogue.load_rnn("reels").logits(PRIMER)
    cursor = catalogue.load_rnn("reels")._encoding.cursor()
    inputs = np.stack([cursor.push(event) for event in PRIMER])[None]
    np.testing.assert_allclose(logits, RnnNetwork(rnn_shape(MELODY_RNN), weights).logits(inputs)[0], atol=1e-5)
    assert {path.name for path in target.iterdir()} == {"reels.tflite", "reels.json"}


def test_a_name_that_is_taken_is_kept(make: Any, tmp_path: Path) -> None:
    """A model that ships is never displaced, one of the user's only when that is asked for."""
    prefix = make.save(make.arrays(make.drawn(MELODY_RNN)), tmp_path / "model.ckpt")
    with pytest.raises(ModelError, match="ships is called 'attention_rnn'"):
        import_checkpoint(prefix, tmp_path / "models", Wish(name="attention_rnn"))
    with pytest.raises(ModelError, match="can't be called"):
        import_checkpoint(prefix, tmp_path / "models", Wish(name="../up"))
    first = import_checkpoint(prefix, tmp_path / "models", Wish(name="reels"))
    with pytest.raises(ModelError, match=r"has a model called 'reels'.*--replace"):
        import_checkpoint(prefix, tmp_path / "models", Wish(name="reels"))
    old = make.save(make.arrays(make.drawn(MELODY_RNN)), tmp_path / "b.ckpt", old=True)
    file = make.bundle(tmp_path / "a.mag", old)
    with pytest.raises(ModelError, match="attention_rnn, as it says itself, not drum_kit"):
        import_checkpoint(file, tmp_path / "models", Wish(name="reels", config="drum_kit", replace=True))
    second = import_checkpoint(prefix, tmp_path / "models", Wish(name="reels", replace=True, precision="float16"))
    assert second.card.sha256 != first.card.sha256


def test_a_full_disk_leaves_the_model_that_was_there(make: Any, full_disk: Any, tmp_path: Path) -> None:
    """Where the new file can't be written the old one stays, and nothing lies about."""
    prefix = make.save(make.arrays(make.drawn(MELODY_RNN)), tmp_path / "model.ckpt")
    before = import_checkpoint(prefix, tmp_path / "models", Wish(name="reels"))
    with full_disk(), pytest.raises(ModelError, match=r"reels can't be written to .*stays"):
        import_checkpoint(prefix, tmp_path / "models", Wish(name="reels", replace=True))
    assert {path.name for path in (tmp_path / "models").iterdir()} == {"reels.tflite", "reels.json"}
    Steps(before.path, before.card.sha256)


def test_a_training_of_ours_tells_what_it_is(make: Any, tmp_path: Path) -> None:
    """The description beside a checkpoint gives name, metre and licence; its best checkpoint is taken."""
    facts = VAES["cat-mel_2bar_small"].facts(8, (12,), (10, 10), steps_per_bar=12)
    folder = tmp_path / "run"
    make.save(make.arrays(make.drawn(facts, 1)), folder / "model.ckpt-90")
    best = make.drawn(facts, 2)
    make.save(make.arrays(best), folder / "best" / "model.ckpt-60")
    described = Description(
        config="cat-mel_2bar_small", name="waltz", metre="3/4", steps_per_bar=12, licence="own", provenance={"seed": 3}
    )
    write_description(folder, described)
    entry = import_checkpoint(folder, tmp_path / "models")
    card = entry.card
    assert (card.name, card.metre, card.licence, card.provenance["seed"]) == ("waltz", "3/4", "own", 3)
    assert card.model == facts
    np.testing.assert_array_equal(read_checkpoint(folder).variables["encoder/mu/bias"], best["encoder/mu/bias"].numpy())
