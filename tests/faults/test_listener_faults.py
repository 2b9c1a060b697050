"""Listeners that never read, and crowds that come and go, disturb nobody."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PATIENT = "studio.first_take_seconds = 240\n"


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds, in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def connect(url: str) -> socket.socket:
    """Ask for a stream and read nothing."""
    parts = urlsplit(url)
    client = socket.create_connection((parts.hostname, parts.port), 10)
    client.sendall(b"GET /stream.mp3 HTTP/1.1\r\nHost: here\r\n\r\n")
    return client


def test_listeners_that_never_read_are_left(on_air: Any) -> None:
    """Thirty of them hold nothing up and cost little memory; they are dropped."""
    with on_air("chords", config=PATIENT) as station, contextlib.ExitStack() as stack:
        before = resident_mb(station.pid)
        for _ in range(30):
            stack.enter_context(connect(station.url("/stream.mp3")))
        station.wait_for("subscriber_dropped", 30, seconds=90)
        assert resident_mb(station.pid) < before + 60


def test_a_thousand_listeners_come_and_go(on_air: Any, full: bool) -> None:
    """Seats, descriptors and memory come back: a second crowd costs no more than the first."""
    crowd = 1000 if full else 200

    def come_and_go() -> None:
        for _ in range(crowd // 20):
            with contextlib.ExitStack() as stack:
                clients = [stack.enter_context(connect(station.url("/stream.mp3"))) for _ in range(20)]
                for client in clients:
                    assert client.recv(4096).startswith(b"HTTP/1.1 ")

    def descriptors() -> int:
        return len(list(Path(f"/proc/{station.pid}/fd").iterdir()))

    with on_air("chords", config=PATIENT) as station:
        used = descriptors()
        come_and_go()
        first = resident_mb(station.pid)
        come_and_go()
        assert resident_mb(station.pid) < first + 20
        deadline = time.monotonic() + 20
        while descriptors() > used + 3:
            assert time.monotonic() < deadline
            time.sleep(0.1)
