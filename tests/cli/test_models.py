"""``latentfm models`` and ``export``: what they print, and how they fail."""

from __future__ import annotations

import errno
import importlib.util
import json
import shutil
import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from note_seq.protobuf import generator_pb2

from latentfm.check import check
from latentfm.models import catalogue
from latentfm.models.nsynth import CONFIGURATIONS
from nsynth_checkpoints import packed
from nsynth_weights import draw

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, call: Run, tmp_path: Path) -> Run:
    """Return a function that calls ``latentfm`` with a folder of models of its own."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("LATENTFM_MODELS", str(tmp_path / "models"))
    return call


@pytest.fixture
def without_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let TensorFlow be found nowhere."""
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "tensorflow" else real(name))


def line_of(name: str, text: str) -> str:
    """Return the line of a table that begins with a name."""
    return next(line for line in text.splitlines() if line.split(" ")[0] == name)


def test_the_list_has_what_is_here_and_what_is_published(run: Run) -> None:
    """Each row says origin, licence, whether it is here, and the memory it needs."""
    status, out, _ = run("models", "list")
    assert status == 0
    assert "Latent FM" in line_of("drum_kit", out)
    assert "Apache-2.0  yes" in line_of("drum_kit", out)
    trio = line_of("hierdec-trio_16bar", out)
    assert "unstated" in trio
    assert "no: latentfm models fetch hierdec-trio_16bar" in trio
    assert "GB" in trio
    assert "can't play it yet" in line_of("performance", out)


def test_a_model_that_needs_more_than_is_free_says_so(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small box is told before anything is fetched."""
    monkeypatch.setattr("latentfm.models.memory.available", lambda: 500_000_000)
    assert "2.0 GB: only 500 MB are free" in run("models", "info", "hierdec-trio_16bar")[1]


def test_info_of_a_model_that_is_here(run: Run) -> None:
    """Configuration, sizes, licence and checksum are told."""
    status, out, _ = run("models", "info", "attention_rnn")
    assert status == 0
    for said in ("attention_rnn", "key_melody", "Apache-2.0", "sha256", "parameters", "memory to play it"):
        assert said in out


def test_info_of_nothing_is_an_error(run: Run) -> None:
    """A name that nobody has."""
    status, _, err = run("models", "info", "nothing")
    assert status == 1
    assert "no model that is here is called so" in err


@pytest.mark.usefixtures("without_tensorflow")
@pytest.mark.parametrize(
    "command",
    [
        ("models", "import", "a.mag"),
        ("models", "fetch", "basic_rnn"),
        ("models", "info", "."),
        ("export", ".", "a.mag"),
    ],
)
def test_without_tensorflow_the_command_to_install_it_is_told(run: Run, command: tuple[str, ...]) -> None:
    """What needs the extra says so before it does anything."""
    status, _, err = run(*command)
    assert status == 1
    assert "pip install 'latentfm[train]'" in err


def test_what_can_not_be_played_is_not_imported(run: Run) -> None:
    """A configuration of the long tail is named, with what can be done."""
    status, _, err = run("models", "fetch", "groovae_4bar")
    assert status == 1
    assert "can't play groovae_4bar (music_vae) yet; --to FILE fetches the checkpoint as it is" in err


def served(folder: Path) -> ThreadingHTTPServer:
    """Return a server on loopback of a folder's files."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


def test_a_checkpoint_is_fetched_as_it_is(run: Run, tmp_path: Path) -> None:
    """What can't be played yet may be kept as a file; nothing else stays but its checksum."""
    bundle = generator_pb2.GeneratorBundle(checkpoint_file=[b"of a network that is not known here"])
    (tmp_path / "download").write_bytes(bundle.SerializeToString())  # a mirror may call it otherwise
    with served(tmp_path) as server:
        url = f"http://127.0.0.1:{server.server_port}/download"
        status, _, err = run("models", "fetch", "performance", "--url", url, "--to", tmp_path / "kept.mag")
        server.shutdown()
    assert status == 0, err
    assert (tmp_path / "kept.mag").read_bytes() == bundle.SerializeToString()
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["checksums.json"]


@pytest.mark.parametrize("name", ["performance", "gansynth-acoustic_only", "nsynth-wavenet"])
def test_a_page_in_place_of_a_checkpoint_is_not_kept(name: str, run: Run, tmp_path: Path) -> None:
    """What a hotel's network answers every address with is no file, replaces none, and its checksum is not recorded."""
    (tmp_path / "page").write_bytes(b"<!doctype html><title>Please log in</title>")
    (tmp_path / "kept").write_bytes(b"before")
    with served(tmp_path) as server:
        url = f"http://127.0.0.1:{server.server_port}/page"
        status, _, err = run("models", "fetch", name, "--url", url, "--to", tmp_path / "kept")
        server.shutdown()
    assert status == 1
    assert f"what {url} sends was thrown away" in err
    assert (tmp_path / "kept").read_bytes() == b"before"
    assert not list((tmp_path / "models").iterdir())


@pytest.mark.train
def test_a_published_checkpoint_is_fetched_imported_and_named(run: Run, tmp_path: Path) -> None:
    """It comes under its own name, plays its role, and a file that is another model under that name is refused."""
    exports = ROOT / "tests" / "parity" / "fixtures" / "exports"
    with served(exports) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        name = "cat-drums_2bar_small.hikl"
        status, out, err = run("models", "fetch", name, "--url", f"{address}/cat-drums_2bar_small.tar")
        assert status == 0, err
        assert f"{name} is here" in out
        assert "No licence is stated" in err
        again = run("models", "fetch", name, "--url", f"{address}/cat-drums_2bar_small.tar")
        wrong = run("models", "fetch", "drum_kit_rnn", "--url", f"{address}/attention_rnn.mag")
        server.shutdown()
    assert again[0] == 1
    assert f"has a model called {name!r}" in again[2]
    assert wrong[0] == 1
    assert "is of the configuration attention_rnn, as it says itself, not drum_kit" in wrong[2]
    assert {path.name for path in (tmp_path / "models").iterdir()} == {
        f"{name}.tflite",
        f"{name}.json",
        "checksums.json",
    }
    assert set(json.loads((tmp_path / "models" / "checksums.json").read_text())) == {name}
    row = line_of(name, run("models", "list")[1])
    assert "127.0.0.1" in row
    assert "unstated" in row
    assert catalogue.find(name, "music_vae", "drums").card.provenance["imported"]["url"].startswith(address)


@pytest.mark.train
def test_nsynths_checkpoint_is_fetched_and_imported(run: Run, tmp_path: Path) -> None:
    """The published tar, smaller, becomes an engine of timbres; no mood can name it in place of a model of notes."""
    from latentfm.timbre import nsynth  # noqa: PLC0415 - LiteRT
    from latentfm.training.networks.nsynth_variables import variable_shapes  # noqa: PLC0415

    small = CONFIGURATIONS["wavenet"].facts(2, 4, 3, 2, 5, 6)
    packed(draw(variable_shapes(small), 1), tmp_path)
    with served(tmp_path) as server:
        url = f"http://127.0.0.1:{server.server_port}/wavenet-ckpt.tar"
        status, out, err = run("models", "fetch", "nsynth-wavenet", "--url", url, "--int8")
        server.shutdown()
    assert status == 0, err
    assert "nsynth-wavenet is here (wavenet" in out
    assert "No licence is stated for nsynth-wavenet" in err
    info = run("models", "info", "nsynth-wavenet")[1]
    assert "encoder width" in info
    assert "int8" in info
    assert nsynth.load().encode(np.zeros(600, np.float32), 60.0).codes.shape == (1, 6)
    report = check(station(tmp_path / "station", models='melody_vae = "nsynth-wavenet"'), {})
    assert any("is of the kind nsynth, not music_vae" in fault for fault in report.faults)


@pytest.mark.train
def test_a_download_outlives_a_disk_that_is_full(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What can't be written is not fetched twice; what is another model than asked for is thrown away at once."""
    from latentfm.training import importing  # noqa: PLC0415 - TensorFlow

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    name = "cat-drums_2bar_small.hikl"
    with served(ROOT / "tests" / "parity" / "fixtures" / "exports") as server:
        url = f"http://127.0.0.1:{server.server_port}/cat-drums_2bar_small.tar"
        with monkeypatch.context() as patch:
            patch.setattr(importing, "write_playable", full)
            failed = run("models", "fetch", name, "--url", url)
        server.shutdown()
    assert failed[0] == 1
    assert "the disk is full" in failed[2]
    assert "The download is kept" in failed[2]
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
        failed = run("models", "fetch", name, "--url", url)
    assert failed[0] == 1
    assert f"{tmp_path / 'models'} has 0 MiB free, and" in failed[2]
    assert "The download is kept" in failed[2]
    status, _, err = run("models", "fetch", name, "--url", url)  # the server is gone
    assert status == 0, err


@pytest.mark.train
@pytest.mark.parametrize(
    ("name", "said"), [("drum_kit", "a model that ships is called 'drum_kit'"), ("my drums", "can't be called")]
)
def test_a_name_that_can_not_be_is_told_before_anything_is_fetched(name: str, said: str, run: Run) -> None:
    """The address is not even asked: nothing listens there."""
    status, _, err = run("models", "fetch", "drum_kit_rnn", "--name", name, "--url", "http://127.0.0.1:9/a.mag")
    assert status == 1
    assert said in err


@pytest.mark.train
def test_info_takes_a_prefix_as_import_does(run: Run) -> None:
    """A checkpoint of two files is named by what their names begin with."""
    prefix = ROOT / "tests" / "parity" / "fixtures" / "event_rnn" / "drum_kit" / "model.ckpt"
    assert not prefix.exists()
    status, out, err = run("models", "info", prefix)
    assert status == 0, err
    assert "drum_kit" in out


@pytest.mark.train
def test_info_takes_a_file_without_an_ending_as_import_does(run: Run, tmp_path: Path) -> None:
    """Checkpoints of the first kind are one file, called as their trainer liked."""
    bundle = ROOT / "tests" / "parity" / "fixtures" / "event_rnn" / "attention_rnn" / "attention_rnn.mag"
    (tmp_path / "trained").write_bytes(generator_pb2.GeneratorBundle.FromString(bundle.read_bytes()).checkpoint_file[0])
    status, out, err = run("models", "info", tmp_path / "trained")
    assert status == 0, err
    assert "attention_rnn" in out


def test_a_playable_is_not_exported(run: Run) -> None:
    """It is said plainly what to export instead."""
    status, _, err = run("export", "drum_kit", "a.mag")
    assert status == 1
    assert "drum_kit is a playable" in err
    assert "folder of its training" in err


def station(folder: Path, **lines: str) -> Path:
    """Write a configuration with the mood of the day, and a line of each table that is given instead of its own."""
    mood = (ROOT / "playlists" / "day.toml").read_text().splitlines()
    for table, line in lines.items():
        key = line.split(" ", maxsplit=1)[0]
        mood = [text for text in mood if not text.startswith(f"{key} =")]
        place = next(number for number, text in enumerate(mood) if text.startswith(f"[{table}]"))
        mood.insert(place + 1, line)
    (folder / "playlists").mkdir(parents=True)
    (folder / "playlists" / "mine.toml").write_text("\n".join(mood))
    (folder / "config.toml").write_text('[programme]\nplaylist = "mine"\n')
    return folder / "config.toml"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('melody_rnn = "drum_kit"', "'drum_kit' plays drums, not melody"),
        ('drums_vae = "melody_2bar"', "'melody_2bar' plays melody, not drums"),
        ('melody_vae = "attention_rnn"', "is of the kind event_rnn, not music_vae"),
        ('melody_vae = "cat-mel_2bar_big"', "latentfm models fetch cat-mel_2bar_big"),
        ('melody_rnn = "melody"', "no model is called 'melody'"),
    ],
)
def test_a_model_in_the_wrong_role_is_told_before_it_airs(line: str, said: str, tmp_path: Path) -> None:
    """`latentfm check` names the playlist, the key and what is wrong with the model."""
    key = line.split(" ", maxsplit=1)[0]
    report = check(station(tmp_path, models=line), {})
    assert [fault for fault in report.faults if f"models.{key}" in fault and said in fault], report.faults


def test_a_model_whose_file_is_damaged_or_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`latentfm check` reads the playable, not only the card beside it."""
    models = tmp_path / "models"
    models.mkdir()
    monkeypatch.setenv("LATENTFM_MODELS", str(models))
    entry = catalogue.find("attention_rnn")
    (models / "mine.json").write_text(entry.card.model_copy(update={"name": "mine"}).model_dump_json())
    configuration = station(tmp_path / "station", models='melody_rnn = "mine"')
    assert any("mine.tflite is missing" in fault for fault in check(configuration, {}).faults)
    (models / "mine.tflite").write_bytes(entry.path.read_bytes()[:-1])
    assert any("mine.tflite is damaged" in fault for fault in check(configuration, {}).faults)
    shutil.copy(entry.path, models / "mine.tflite")
    assert not any("mine" in fault for fault in check(configuration, {}).faults)


@pytest.mark.parametrize(("learnt", "other"), [("6/8", True), ("3/4", False), ("any", False)])
def test_a_model_of_another_metre_is_told(
    learnt: str, other: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A MusicVAE whose windows only happen to be as long as bars of the mood's is a fault; an RNN is a warning."""
    models = tmp_path / "models"
    models.mkdir()
    for name, sizes in (("melody_2bar", {"steps": 24}), ("attention_rnn", {})):
        card = catalogue.find(name).card
        changed = {"name": f"my_{name}", "metre": learnt, "model": card.model.model_copy(update=sizes)}
        (models / f"my_{name}.json").write_text(card.model_copy(update=changed).model_dump_json())
    monkeypatch.setenv("LATENTFM_MODELS", str(models))
    report = check(station(tmp_path / "vae", tempo='metre = "3/4"', models='melody_vae = "my_melody_2bar"'), {})
    assert any("'drums_2bar' knows 4/4, not 3/4; name one" in fault for fault in report.faults)
    assert any("'my_melody_2bar' knows 6/8, not 3/4; name one" in fault for fault in report.faults) is other
    assert any("models.melody_rnn = 'attention_rnn': it learnt 4/4" in warning for warning in report.warnings)
    report = check(station(tmp_path / "rnn", tempo='metre = "3/4"', models='melody_rnn = "my_attention_rnn"'), {})
    assert any("models.melody_rnn" in warning for warning in report.warnings) is other
