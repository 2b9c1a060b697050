"""Talking to systemd: the notification socket of ``sd_notify(3)``, in a few lines of our own.

Outside systemd, where ``NOTIFY_SOCKET`` is not set, everything here does nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Mapping


class Notifier:
    """Sends state changes to whoever started the process."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)
        self.watchdog_seconds = _watchdog_seconds(environment)

    def ready(self) -> None:
        """Say that an audible block has left."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """Set the line that ``systemctl status`` shows."""
        self._send("STATUS=" + text.replace("\n", " "))

    def watchdog(self) -> None:
        """Say that the station is healthy; systemd restarts one that stays quiet too long."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the station has begun to stop."""
        self._send("STOPPING=1")

    def close(self) -> None:
        """Close the socket; later calls do nothing."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, state: str) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # a manager that does not listen must not cost a block
                self._socket.sendto(state.encode(), self._address)


def _watchdog_seconds(environment: Mapping[str, str]) -> float | None:
    """Return how often systemd wants to hear of us at the latest, or None when it does not watch this process."""
    micros = environment.get("WATCHDOG_USEC", "")
    watched = environment.get("WATCHDOG_PID", str(os.getpid()))
    if not micros.isdigit() or int(micros) == 0 or watched != str(os.getpid()):
        return None
    return int(micros) / 1e6
