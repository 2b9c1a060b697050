"""What systemd and the log hear of a station that falls silent."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from latentfm.ops.clock import SystemClock
from latentfm.ops.systemd import Notifier
from latentfm.ops.watchdog import Watchdog


class HandClock(SystemClock):
    """A monotonic clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        """Return what it shows."""
        return self.now


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The manager's end of a notification socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(str(tmp_path / "notify"))
        end.setblocking(False)
        yield end


def heard(manager: socket.socket) -> list[str]:
    """Return what has been said since the last call."""
    said = []
    while True:
        try:
            said.append(manager.recv(200).decode())
        except BlockingIOError:
            return said


def test_a_silent_station_is_neither_ready_nor_alive(manager: socket.socket, tmp_path: Path) -> None:
    """READY waits for the first audible block; the watchdog is fed only while they come; both turns are logged once."""
    clock, audible = HandClock(), False
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "30000000"})
    watchdog = Watchdog(lambda: audible, notifier, clock, why=lambda: "nobody plays")

    def pass_seconds(seconds: int) -> None:
        for _ in range(seconds):
            clock.now += 1
            watchdog.look()

    with capture_logs() as events:
        pass_seconds(60)
        assert heard(manager) == []
        audible = True
        pass_seconds(60)
        assert heard(manager) == ["READY=1"] + ["WATCHDOG=1"] * 6
        audible = False
        pass_seconds(60)
        assert heard(manager) == []
        audible = True
        pass_seconds(1)
        assert heard(manager) == ["WATCHDOG=1"]
    notifier.close()
    assert [event["event"] for event in events] == ["ready", "inaudible", "audible_again"]
    assert events[1]["reason"] == "nobody plays"
    assert events[2]["seconds"] == 60.0
