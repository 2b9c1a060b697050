"""The notification socket, against a real datagram socket."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from latentfm.ops.systemd import Notifier


def listen(address: str) -> socket.socket:
    """Return a manager's end of the notification socket."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(address)
    manager.settimeout(2)
    return manager


def test_states_reach_the_manager(tmp_path: Path) -> None:
    """Ready, status, watchdog and stopping arrive as systemd spells them."""
    with listen(str(tmp_path / "notify")) as manager:
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify")})
        notifier.ready()
        notifier.status("two\nlines")
        notifier.watchdog()
        notifier.stopping()
        said = [manager.recv(200).decode() for _ in range(4)]
        notifier.close()
    assert said == ["READY=1", "STATUS=two lines", "WATCHDOG=1", "STOPPING=1"]


def test_abstract_addresses_work() -> None:
    """An address that begins with @ is in the abstract namespace."""
    name = f"latentfm-test-{os.getpid()}"
    with listen("\0" + name) as manager:
        notifier = Notifier({"NOTIFY_SOCKET": "@" + name})
        notifier.ready()
        notifier.close()
        assert manager.recv(200) == b"READY=1"


def test_nobody_listening_costs_nothing(tmp_path: Path) -> None:
    """Without systemd, with a manager that is gone, and after close, calls do nothing."""
    Notifier({}).ready()
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    notifier.watchdog()
    notifier.close()
    notifier.watchdog()


@pytest.mark.parametrize(
    ("environment", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_for_this_process_only(environment: dict[str, str], seconds: float | None) -> None:
    """The interval is read in microseconds, and only if it is meant for us."""
    assert Notifier(environment).watchdog_seconds == seconds
