"""Tars and zips with checkpoints: what is read of them, and which are refused. No TensorFlow is needed to look."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from latentfm.errors import ModelError, UnwrittenModelError
from latentfm.training.checkpoints import archives, names
from latentfm.training.checkpoints.scratch import sweep

PARTS = ("index", "data-00000-of-00001")
Writer = Callable[[Path, dict[str, bytes]], Path]


def tar(path: Path, members: dict[str, bytes]) -> Path:
    """Write a compressed tar."""
    file = path / "model.tar.gz"
    with tarfile.open(file, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file


def pack(path: Path, members: dict[str, bytes]) -> Path:
    """Write a zip."""
    file = path / "model.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


def checkpoint(prefix: str) -> dict[str, bytes]:
    """Return the members of a checkpoint."""
    return {f"{prefix}.{part}": f"{prefix} {part}".encode() for part in PARTS}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return an empty folder to unpack into."""
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("write", [tar, pack])
def test_only_the_checkpoint_is_unpacked(write: Writer, tmp_path: Path, target: Path) -> None:
    """Of everything in an archive the checkpoint's parts come out, and the description beside it."""
    others = {"train/README": b"?", "train/graph.pbtxt": b"?", "train/model.json": b"{}", "model.json": b"?"}
    file = write(tmp_path, {**others, **checkpoint("train/model.ckpt-7")})
    prefix = archives.unpack(file, target, beside=["model.json"])
    assert prefix == target / "model.ckpt-7"
    assert {path.name for path in target.iterdir()} == {f"model.ckpt-7.{part}" for part in PARTS} | {"model.json"}
    assert (target / "model.json").read_bytes() == b"{}"


@pytest.mark.parametrize("write", [tar, pack])
def test_of_a_training_in_stages_the_last_one_is_unpacked(write: Writer, tmp_path: Path, target: Path) -> None:
    """Its checkpoint comes out, with what lies beside the stages and among their assets; of other folders nothing."""
    stages = checkpoint("gan/stage_00011/model.ckpt-9") | checkpoint("gan/stage_00012/model.ckpt-7")
    others = {"gan/experiment.json": b"{}", "gan/assets/a.npz": b"1", "gan/other/b.npz": b"2", "c.npz": b"3"}
    file = write(tmp_path, {**others, **stages})
    prefix = archives.unpack(file, target, beside=["experiment.json", "a.npz", "b.npz", "c.npz"])
    assert prefix == target / "model.ckpt-7"
    parts = {f"model.ckpt-7.{part}" for part in PARTS}
    assert {path.name for path in target.iterdir()} == parts | {"experiment.json", "a.npz"}
    assert (target / "model.ckpt-7.index").read_bytes() == b"gan/stage_00012/model.ckpt-7 index"


def test_an_archive_of_two_trainings_in_stages_is_asked_about(tmp_path: Path, target: Path) -> None:
    """No training's last stage is taken where another's could be meant."""
    file = pack(tmp_path, checkpoint("a/stage_00001/model.ckpt-7") | checkpoint("b/stage_00002/model.ckpt-8"))
    with pytest.raises(ModelError, match="several checkpoints are in"):
        archives.unpack(file, target)
    assert archives.unpack(file, target, "a/stage_00001/model.ckpt-7") == target / "model.ckpt-7"


@pytest.mark.parametrize("write", [tar, pack])
@pytest.mark.parametrize("name", ["../../out", "/out", "a/../../out", "..\\out"])
def test_an_archive_with_a_path_that_climbs_is_refused(write: Writer, name: str, tmp_path: Path, target: Path) -> None:
    """Wherever in it that member lies, nothing of the archive is unpacked."""
    file = write(tmp_path, {**checkpoint("model.ckpt"), name: b"?"})
    with pytest.raises(ModelError, match="climbs out of the archive"):
        archives.unpack(file, target)
    assert not list(target.iterdir())


def test_a_checkpoint_that_is_a_link_is_refused(tmp_path: Path, target: Path) -> None:
    """A link named like a checkpoint does not lead to another file."""
    file = tmp_path / "model.tar"
    with tarfile.open(file, "w") as archive:
        info = tarfile.TarInfo("model.ckpt.index")
        info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(info)
    with pytest.raises(ModelError, match="is a link or a device"):
        archives.unpack(file, target)


def test_a_member_that_claims_too_much_is_refused(tmp_path: Path, target: Path) -> None:
    """What no checkpoint has in bytes is refused by its header, before it is read."""
    file = tmp_path / "model.tar"
    info = tarfile.TarInfo("model.ckpt.index")
    info.size = 3 << 30
    file.write_bytes(info.tobuf() + bytes(10_240))
    with pytest.raises(ModelError, match="3072 MiB, more than a checkpoint may"):
        archives.unpack(file, target)


def test_a_checkpoint_that_claims_too_much_is_refused(tmp_path: Path, target: Path) -> None:
    """Members of which each might be may not be so in sum."""
    file = tmp_path / "model.tar"
    with file.open("wb") as archive:
        for part in range(3):
            info = tarfile.TarInfo(f"model.ckpt.data-0000{part}-of-00003")
            info.size = 2 << 30
            archive.write(info.tobuf())
            archive.seek(info.size, os.SEEK_CUR)
        archive.write(bytes(10_240))
    with pytest.raises(ModelError, match="checkpoint has 6144 MiB, more than one may"):
        archives.unpack(file, target)
    assert not list(target.iterdir())


def test_a_checkpoint_that_the_disk_has_no_room_for_is_told(
    full_disk: Any, tmp_path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it is unpacked where the disk says so, else when it fails; the archive is not said to be damaged."""
    file = pack(tmp_path, {**checkpoint("model.ckpt"), "model.ckpt.data-00000-of-00001": bytes(9_000)})
    with full_disk(), pytest.raises(UnwrittenModelError, match=f"nothing can be unpacked in {tmp_path}: "):
        archives.unpack(file, target)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(UnwrittenModelError, match=f"{tmp_path} has 0 MiB free, and 0 MiB are to be unpacked"):
        archives.unpack(file, target)


def test_the_newest_checkpoint_of_a_training_is_taken(tmp_path: Path, target: Path) -> None:
    """Of several steps the last one, by number and not by letter."""
    file = tar(tmp_path, {**checkpoint("model.ckpt-900"), **checkpoint("model.ckpt-1000")})
    assert archives.unpack(file, target).name == "model.ckpt-1000"


def test_of_several_checkpoints_one_must_be_named(tmp_path: Path, target: Path) -> None:
    """The error lists them, and the named one is taken."""
    file = pack(tmp_path, {**checkpoint("lokl/model.ckpt-5"), **checkpoint("hikl/model.ckpt-5")})
    with pytest.raises(ModelError, match=r"hikl/model\.ckpt-5, lokl/model\.ckpt-5; say which one with --checkpoint"):
        archives.unpack(file, target)
    archives.unpack(file, target, "lokl/model.ckpt-5")
    assert (target / "model.ckpt-5.index").read_bytes() == b"lokl/model.ckpt-5 index"
    with pytest.raises(ModelError, match="has no checkpoint 'mid'"):
        archives.unpack(file, target, "mid")


@pytest.mark.parametrize("write", [tar, pack])
def test_an_archive_without_a_checkpoint_is_told(write: Writer, tmp_path: Path, target: Path) -> None:
    """Empty, or with something else in it."""
    for members in ({}, {"notes.txt": b"?"}):
        with pytest.raises(ModelError, match="no checkpoint is in"):
            archives.unpack(write(tmp_path, members), target)


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_a_truncated_archive_is_told(part: float, tmp_path: Path, target: Path) -> None:
    """An archive that ends early is damaged, wherever it ends."""
    noise = bytes(range(256)) * 400
    file = tmp_path / "model.tar"
    with tarfile.open(file, "w") as archive:
        for name in checkpoint("model.ckpt"):
            info = tarfile.TarInfo(name)
            info.size = len(noise)
            archive.addfile(info, io.BytesIO(noise))
    file.write_bytes(file.read_bytes()[: int(part * 2 * len(noise))])
    with pytest.raises(ModelError, match=r"truncated|damaged"):
        archives.unpack(file, target)


CELL = "rnn/multi_rnn_cell/cell_0/lstm_cell"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("RNN/MultiRNNCell/Cell0/BasicLSTMCell/Linear/Matrix", f"{CELL}/kernel"),
        ("RNN/MultiRNNCell/Cell0/LSTMCell/W_0", f"{CELL}/kernel"),
        ("RNN/MultiRNNCell/Cell0/LSTMCell/B", f"{CELL}/bias"),
        ("rnn/multi_rnn_cell/cell_0/basic_lstm_cell/weights", f"{CELL}/kernel"),
        ("rnn/multi_rnn_cell/cell_0/basic_lstm_cell/biases", f"{CELL}/bias"),
        ("rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel", f"{CELL}/kernel"),
        ("fully_connected/weights", "fully_connected/kernel"),
        ("encoder/mu/kernel", "encoder/mu/kernel"),
    ],
)
def test_a_variable_has_one_name_whoever_wrote_it(old: str, new: str) -> None:
    """The names of each TensorFlow come to today's."""
    assert names.canonical(old) == new


@pytest.mark.parametrize("name", ["a/kernel/Adam", "a/kernel/Adam_1", "beta1_power", "global_step", "a/Momentum"])
def test_what_serves_training_alone_is_known(name: str) -> None:
    """Slots and counters are no part of a network."""
    assert names.of_training(name)
    assert not names.of_training("rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel")


def test_what_a_killed_import_left_is_swept(tmp_path: Path) -> None:
    """Yesterday's folders go, today's and the models stay."""
    old, new, model = (tmp_path / name for name in (".unpacking-old", ".importing-new", "mine.tflite"))
    old.mkdir()
    (old / "model.ckpt").write_bytes(b"half of it")
    new.mkdir()
    model.write_bytes(b"")
    yesterday = time.time() - 2 * 86_400
    os.utime(old, (yesterday, yesterday))
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == [new, model]
