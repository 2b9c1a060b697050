"""``latentfm models`` and ``export``: what they print, and how they fail."""

from __future__ import annotations

import errno
import importlib.util
import json
import sys
import threading
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from latentfm import cli
from latentfm.check import check
from latentfm.models import catalogue

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Return a function that calls ``latentfm`` in this process and returns status, stdout and stderr."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("LATENTFM_MODELS", str(tmp_path / "models"))

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["latentfm", *map(str, arguments)])
        capsys.readouterr()
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
        said = capsys.readouterr()
        return status, said.out, said.err

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
    (tmp_path / "performance.mag").write_bytes(b"a bundle")
    with served(tmp_path) as server:
        url = f"http://127.0.0.1:{server.server_port}/performance.mag"
        status, _, err = run("models", "fetch", "performance", "--url", url, "--to", tmp_path / "kept.mag")
        server.shutdown()
    assert status == 0, err
    assert (tmp_path / "kept.mag").read_bytes() == b"a bundle"
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["checksums.json"]


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
    assert "is here already" in again[2]
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
def test_a_download_outlives_a_disk_that_is_full(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
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
    status, _, err = run("models", "fetch", name, "--url", url)  # the server is gone
    assert status == 0, err


def test_a_playable_is_not_exported(run: Run) -> None:
    """It is said plainly what to export instead."""
    status, _, err = run("export", "drum_kit", "a.mag")
    assert status == 1
    assert "drum_kit is a playable" in err
    assert "folder of its training" in err


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
    mood = (ROOT / "playlists" / "day.toml").read_text()
    key = line.split(" ", maxsplit=1)[0]
    kept = [text for text in mood.splitlines() if not text.startswith(f"{key} =")]
    place = next(number for number, text in enumerate(kept) if text.startswith("[models]"))
    text = "\n".join([*kept[: place + 1], line, *kept[place + 1 :]])
    (tmp_path / "playlists").mkdir()
    (tmp_path / "playlists" / "mine.toml").write_text(text)
    (tmp_path / "config.toml").write_text('[programme]\nplaylist = "mine"\n')
    report = check(tmp_path / "config.toml", {})
    assert [fault for fault in report.faults if f"models.{key}" in fault and said in fault], report.faults
