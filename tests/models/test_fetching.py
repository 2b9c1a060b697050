"""Fetching: from a real server on loopback that behaves, resumes, changes its mind and breaks off."""

from __future__ import annotations

import hashlib
import json
import resource
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from latentfm.errors import ModelError
from latentfm.models import fetching

BODY = hashlib.sha256(b"seed").digest() * 20_000


@dataclass
class Server:
    """What the server sends, and what it was asked for."""

    url: str
    body: bytes = BODY
    etag: str | None = '"one"'
    ranges: bool = True
    cut: int | None = None  # bytes after which the connection ends
    status: int = 200
    asked: list[str | None] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve on loopback until the test is over."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.headers.get("Range"))
            start = 0
            if state.ranges and self.headers.get("If-Range") == state.etag and (sent := self.headers.get("Range")):
                start = int(sent.removeprefix("bytes=").removesuffix("-"))
            body, status = state.body[start:], 206 if start else state.status
            if start >= len(state.body) > 0:
                body, status = b"", 416
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == 206:
                self.send_header("Content-Range", f"bytes {start}-{len(state.body) - 1}/{len(state.body)}")
            if state.etag:
                self.send_header("ETag", state.etag)
            self.end_headers()
            self.wfile.write(body[: state.cut])

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state = Server(f"http://127.0.0.1:{http.server_port}/models/thing.mag")
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield state
        http.shutdown()
        thread.join()


def fetch(server: Server, folder: Path) -> fetching.Fetched:
    """Fetch what the server has."""
    return fetching.fetch("thing", server.url, folder)


def test_a_file_comes_whole_and_its_progress_is_told(server: Server, tmp_path: Path) -> None:
    """What was sent is what is there; discarding it leaves nothing behind."""
    told: list[tuple[int, int | None]] = []
    fetched = fetching.fetch("thing", server.url, tmp_path, lambda *at: told.append(at))
    assert fetched.path.read_bytes() == BODY
    assert fetched.path.suffix == ".mag"
    assert fetched.sha256 == hashlib.sha256(BODY).hexdigest()
    assert told[0] == (0, len(BODY))
    assert told[-1] == (len(BODY), len(BODY))
    fetching.discard(fetched)
    assert not list(tmp_path.iterdir())


def test_a_download_that_broke_off_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    """The second try asks for the rest alone, and the whole is right."""
    server.cut = 100_000
    with pytest.raises(ModelError, match=f"ended after 100000 of {len(BODY)} bytes; fetch again"):
        fetch(server, tmp_path)
    server.cut = None
    assert fetch(server, tmp_path).path.read_bytes() == BODY
    assert server.asked == [None, "bytes=100000-"]


@pytest.mark.parametrize("change", ["no ranges", "another file", "no etag"])
def test_what_cannot_be_gone_on_with_comes_anew(change: str, server: Server, tmp_path: Path) -> None:
    """Without ranges, or with another file behind the address, nothing of the first try is kept."""
    server.cut = 70_000
    if change == "no etag":
        server.etag = None
    with pytest.raises(ModelError, match="ended after"):
        fetch(server, tmp_path)
    server.cut = None
    if change == "no ranges":
        server.ranges = False
    if change == "another file":
        server.etag, server.body = '"two"', BODY[::-1]
    assert fetch(server, tmp_path).path.read_bytes() == server.body
    assert server.asked == [None, None if change == "no etag" else "bytes=70000-"]


def test_a_complete_part_is_fetched_once_more(server: Server, tmp_path: Path) -> None:
    """A try that ended just before the file was renamed is begun again, as the server has no more to send."""
    server.cut = 70_000
    with pytest.raises(ModelError, match="ended after"):
        fetch(server, tmp_path)
    part = next(tmp_path.rglob("*.part"))
    part.write_bytes(BODY)
    server.cut = None
    assert fetch(server, tmp_path).path.read_bytes() == BODY
    assert server.asked[1:] == [f"bytes={len(BODY)}-", None]


def test_a_recorded_checksum_must_be_met(server: Server, tmp_path: Path) -> None:
    """The first good file is recorded; another one under its name is thrown away and both checksums are told."""
    first = fetch(server, tmp_path)
    assert not first.known
    fetching.record(first, tmp_path)
    fetching.discard(first)
    again = fetch(server, tmp_path)
    assert again.known
    fetching.discard(again)
    server.body = BODY[:-1] + b"?"
    with pytest.raises(ModelError, match=f"(?s){hashlib.sha256(server.body).hexdigest()}.*{first.sha256}"):
        fetch(server, tmp_path)
    assert not list(tmp_path.rglob("thing*"))
    assert json.loads((tmp_path / "checksums.json").read_text())["thing"]["sha256"] == first.sha256


@pytest.mark.parametrize("text", ["{", '{"thing": 1}', '{"thing": {"sha256": ""}}'])
def test_damaged_records_are_not_written_over(text: str, server: Server, tmp_path: Path) -> None:
    """Where checksums can't be read, nothing is fetched as if there had been none."""
    (tmp_path / "checksums.json").write_text(text)
    with pytest.raises(ModelError, match=r"checksums\.json"):
        fetch(server, tmp_path)
    assert (tmp_path / "checksums.json").read_text() == text


def test_what_the_server_does_not_have_is_told(server: Server, tmp_path: Path) -> None:
    """A 404 names the address."""
    server.status = 404
    with pytest.raises(ModelError, match=f"does not send {server.url}: 404"):
        fetch(server, tmp_path)


def test_without_a_network_the_error_says_what_to_do(free_port: Any, tmp_path: Path) -> None:
    """A server that is not there is named, and so is the way around."""
    with pytest.raises(ModelError, match=r"127\.0\.0\.1 can't be reached: .*latentfm models import"):
        fetching.fetch("thing", f"http://127.0.0.1:{free_port()}/thing.mag", tmp_path)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "thing.mag", "http:///x"])
def test_only_web_addresses_are_fetched(url: str, tmp_path: Path) -> None:
    """No file of this machine is taken for a download."""
    with pytest.raises(ModelError, match="no address that can be fetched"):
        fetching.fetch("thing", url, tmp_path)


def test_a_disk_that_takes_no_more_is_told_and_gone_on_with_later(server: Server, tmp_path: Path) -> None:
    """The error names the file; with room again the rest is fetched."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(ModelError, match=r"thing\.mag\.part can't be written: .*stays"):
            fetch(server, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert fetch(server, tmp_path).path.read_bytes() == BODY


def test_more_than_the_disk_has_free_is_not_begun(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sizes are told before anything is written."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(ModelError, match="has 0 MiB free"):
        fetch(server, tmp_path)


def test_two_fetches_at_once_do_not_mix(server: Server, tmp_path: Path) -> None:
    """The second is told to wait."""
    with (
        fetching._locked(tmp_path / ".fetching"),
        pytest.raises(ModelError, match="another fetch is going on"),
    ):
        fetch(server, tmp_path)
