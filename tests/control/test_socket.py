"""The control socket over real connections, with clients that hang, babble and come in crowds."""

from __future__ import annotations

import json
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from latentfm.control.client import ask
from latentfm.control.protocol import FILE, LONGEST, Answer, Request, answer_to, parse, short_address, socket_folder
from latentfm.control.server import MOST, ControlSocket
from latentfm.errors import ControlError

NO_SERVICE = {"RUNTIME_DIRECTORY": ""}


def do(request: Request) -> Answer:
    """Meet a request, or not."""
    if request.verb == "pause":
        raise RuntimeError("a fault inside")
    if request.verb == "mood":
        raise ControlError(f"unknown playlist '{request.name}'")
    return {"verb": request.verb}


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Return a function that serves at a path, by default one in a folder whose name is too long for an address."""
    served: list[ControlSocket] = []

    def start(folder: Path | None = None, **settings: Any) -> Path:
        folder = folder or tmp_path / ("long" * 30)
        folder.mkdir(exist_ok=True)
        served.append(ControlSocket(folder / FILE, do, **settings))
        served[-1].start()
        until = time.monotonic() + 10
        while not served[-1].path.exists():
            assert time.monotonic() < until
            time.sleep(0.01)
        return folder

    yield start
    for server in served:
        server.stop()
        assert not server.path.exists()


def connect(folder: Path) -> socket.socket:
    """Return a raw connection."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(10)
    until = time.monotonic() + 10
    while True:
        with short_address(folder / FILE) as address:
            try:
                client.connect(address)
            except ConnectionRefusedError:
                assert time.monotonic() < until
                time.sleep(0.01)
            else:
                return client


def test_a_request_is_answered_and_what_fails_says_why(serve: Callable[..., Path]) -> None:
    """Verbs are met; an error of the station's is raised with its message; a fault inside is told as one."""
    folder = serve()
    connect(folder).close()
    assert ask(folder, {"verb": "skip"}) == {"verb": "skip"}
    with pytest.raises(ControlError, match="unknown playlist 'dya'"):
        ask(folder, {"verb": "mood", "name": "dya"})
    with pytest.raises(ControlError, match="its log says why"):
        ask(folder, {"verb": "pause"})
    assert ask(folder, {"verb": "status"}) == {"verb": "status"}


def test_only_its_owner_may_use_the_socket(serve: Callable[..., Path]) -> None:
    """It is not open to others from its first moment on, be the mask of the process as it may."""
    mask = os.umask(0)
    try:
        folder = serve()
    finally:
        os.umask(mask)
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600


def test_a_socket_that_a_killed_station_left_is_replaced(serve: Callable[..., Path], tmp_path: Path) -> None:
    """Nobody listens there, and the lock on the state folder says that it is ours."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(tmp_path / FILE))
    serve(tmp_path)
    with connect(tmp_path):
        assert ask(tmp_path, {"verb": "skip"}) == {"verb": "skip"}


def test_without_a_station_the_error_says_what_to_do(tmp_path: Path) -> None:
    """Neither a missing socket nor one that nobody listens on is a station."""
    with pytest.raises(ControlError, match=f"no station runs here .*{tmp_path}.* start one with: latentfm run"):
        ask(tmp_path, {"verb": "status"}, environ=NO_SERVICE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(tmp_path / FILE))
    with pytest.raises(ControlError, match="no station runs here"):
        ask(tmp_path, {"verb": "status"}, environ=NO_SERVICE)


def test_lines_come_one_after_the_other_and_in_pieces(serve: Callable[..., Path]) -> None:
    """A connection may be kept; a line may come byte by byte, or with the next one."""
    with connect(serve()) as client, client.makefile("rb") as answers:
        for byte in b'{"verb":"skip"}\n':
            client.send(bytes([byte]))
        assert json.loads(answers.readline()) == {"ok": True, "verb": "skip"}
        client.sendall(b'{"verb":"resume"}\n{"verb":"status"}\nno json\n')
        assert [json.loads(answers.readline())["ok"] for _ in range(3)] == [True, True, False]


def test_a_huge_line_is_refused_without_being_read(serve: Callable[..., Path]) -> None:
    """No more than a request's length is kept, and the connection is over."""
    with connect(serve()) as client:
        client.sendall(b"x" * (LONGEST + 1))
        assert f"at most {LONGEST} bytes" in json.loads(client.makefile("rb").readline())["error"]
        assert client.recv(1) == b""


def test_hung_clients_hold_nobody_up_for_long(serve: Callable[..., Path]) -> None:
    """A few may hang; one more is turned away at once; they lose their places when their time is over."""
    folder = serve(patience=1.0)
    hung = [connect(folder) for _ in range(MOST)]
    hung[0].sendall(b'{"verb"')
    with connect(folder) as one_more:
        assert "are being served; try again" in json.loads(one_more.makefile("rb").readline())["error"]
    assert all(client.recv(1) == b"" for client in hung)
    assert ask(folder, {"verb": "skip"}) == {"verb": "skip"}
    for client in hung:
        client.close()
    assert threading.active_count() < MOST + 5


def test_a_client_that_takes_no_answer_loses_its_place(serve: Callable[..., Path]) -> None:
    """What it has asked for fills the kernel's buffers; the others are served all the while."""
    folder = serve(patience=0.5)
    with connect(folder) as deaf:
        deaf.setblocking(False)
        until = time.monotonic() + 10
        while time.monotonic() < until:  # it is cut off
            try:
                deaf.send(b'{"verb":"skip"}\n' * 1000)
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:
                break
        assert time.monotonic() < until
        assert ask(folder, {"verb": "skip"}) == {"verb": "skip"}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"skip",
        b"[]",
        b'{"verb":"stop"}',
        b'{"verb":"mood"}',
        b'{"verb":"skip","name":"day"}',
        b'{"verb":"mood","name":7}',
        b'{"verb":"mood","name":"' + b"x" * 101 + b'"}',
        b'{"verb":"skip","more":1}',
        b"\xff\xfe",
        b"[" * 4000,
    ],
)
def test_what_is_no_request_is_answered_with_what_is(line: bytes) -> None:
    """Whatever comes, the answer is an error that names the verbs, and never an exception."""
    with pytest.raises(ControlError):
        parse(line)
    answer = answer_to(line, do)
    assert answer["ok"] is False
    assert "mood" in answer["error"]


def test_the_socket_lies_in_the_runtime_folder_where_there_is_one(tmp_path: Path) -> None:
    """Systemd may name several folders; the first one counts."""
    assert socket_folder(tmp_path, {}) == tmp_path
    assert socket_folder(tmp_path, {"RUNTIME_DIRECTORY": "/run/latentfm:/run/other"}) == Path("/run/latentfm")
