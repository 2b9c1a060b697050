"""The control socket: a few connections at a time, each with a thread and little time; none holds up another."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from latentfm.broadcast.supervised import Supervised
from latentfm.control.protocol import LONGEST, Answer, Request, answer_to, encode, short_address

MOST: Final = 8
"""Connections at a time; one more is told to come back."""

PATIENCE: Final = 5.0
"""Seconds that a client may take for a request, and as many to take the answer."""

_LOOK = 0.25  # seconds after which a waiting server looks whether it is to stop

_log = structlog.get_logger()


class ControlSocket:
    """Answers requests on a unix socket that only its owner may use."""

    def __init__(self, path: Path, do: Callable[[Request], Answer], *, patience: float = PATIENCE) -> None:
        """Serve at ``path``; ``do`` meets a request and is called by one thread at a time."""
        self.path = path
        self._do = do
        self._patience = patience
        self._seats = threading.BoundedSemaphore(MOST)
        self._one = threading.Lock()
        self._part = Supervised("control", self._run, longest_pause=60.0)

    def start(self) -> None:
        """Start to serve. A path that can't be had costs control only, and is tried again."""
        self._part.start()

    def stop(self, timeout: float = 1.0) -> None:
        """Stop, and remove the socket."""
        self._part.stop(timeout)

    def _run(self, stop: threading.Event) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as listening:
            with short_address(self.path) as address:
                self.path.unlink(missing_ok=True)  # of a station that was killed: the state folder is ours alone
                os.fchmod(listening.fileno(), 0o600)  # which Linux gives to the file; a umask is every thread's
                listening.bind(address)
            listening.listen(MOST)
            listening.settimeout(_LOOK)
            _log.info("control_listening", path=str(self.path))
            try:
                while not stop.is_set():
                    with contextlib.suppress(TimeoutError):
                        self._accept(listening.accept()[0])
            finally:
                self.path.unlink(missing_ok=True)

    def _accept(self, client: socket.socket) -> None:
        """Serve a client in a thread of its own, or turn it away at once."""
        if not self._seats.acquire(blocking=False):
            with client, contextlib.suppress(OSError):
                client.setblocking(False)
                client.send(encode({"ok": False, "error": f"{MOST} others are being served; try again"}))
            return
        threading.Thread(target=self._serve, args=(client,), name="control client", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Answer one request after the other until the client leaves or is too slow."""
        try:
            with client, contextlib.suppress(OSError):
                rest = b""
                while True:
                    line, rest = self._read(client, rest)
                    if not line:
                        return
                    with self._one:
                        answer = answer_to(line, self._do)
                    client.settimeout(self._patience)
                    client.sendall(encode(answer))
                    if len(line) > LONGEST:
                        return
        finally:
            self._seats.release()

    def _read(self, client: socket.socket, rest: bytes) -> tuple[bytes, bytes]:
        """Return a line, and what came after it; nothing when the client has left or takes too long.

        A line that is too long is returned as far as it was read.
        """
        until = time.monotonic() + self._patience
        while b"\n" not in rest and len(rest) <= LONGEST:
            left = until - time.monotonic()
            if left <= 0:
                return b"", b""
            client.settimeout(left)
            came = client.recv(LONGEST)
            if not came:
                return rest, b""
            rest += came
        line, end, rest = rest.partition(b"\n")
        return line + end, rest
