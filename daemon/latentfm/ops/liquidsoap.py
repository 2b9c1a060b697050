"""A client of Liquidsoap's command socket, for who has one between the station and its listeners.

A command is a line; the answer is lines, the last of which is ``END``. See docs/liquidsoap.md, and Liquidsoap's manual
under "interacting with a running script".
"""

from __future__ import annotations

import socket
from pathlib import Path

from latentfm.errors import LatentFMError, reason

TIMEOUT = 2.0  # seconds for one answer
_END = b"END"
_MOST = 64 * 1024  # bytes of an answer


class LiquidsoapError(LatentFMError):
    """Liquidsoap could not be asked."""


def ask(path: Path, command: str) -> str:
    """Return the answer of the Liquidsoap at a socket to one command.

    Raises:
        LiquidsoapError: nobody answers there, or not in time.
        ValueError: the command is no single line.
    """
    if len(command.splitlines()) != 1:
        raise ValueError(f"a command is one line, not {command!r}")
    try:
        with socket.socket(socket.AF_UNIX) as liquidsoap:
            liquidsoap.settimeout(TIMEOUT)
            liquidsoap.connect(str(path))
            liquidsoap.sendall(command.encode() + b"\n")
            lines = _answer(liquidsoap)
            liquidsoap.sendall(b"quit\n")
    except OSError as error:
        raise LiquidsoapError(
            f"Liquidsoap does not answer at {path} ({reason(error)}); does it run, with LIQ_SOCKET set to that path?"
        ) from error
    return "\n".join(line.decode("utf-8", "replace") for line in lines)


def _answer(liquidsoap: socket.socket) -> list[bytes]:
    """Read until the line that ends an answer."""
    received = b""
    while True:
        lines = [line.rstrip(b"\r") for line in received.split(b"\n")]
        if _END in lines[:-1]:
            return lines[: lines.index(_END)]
        part = liquidsoap.recv(4096)
        received += part
        if not part or len(received) > _MOST:
            raise ConnectionError("the answer has no end")
