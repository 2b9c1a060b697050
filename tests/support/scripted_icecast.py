"""A server that takes a source as Icecast does, and misbehaves as a real one can't be made to."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Literal

Mood = Literal["ok", "401", "403", "500", "nonsense", "mute", "stall", "slow", "drop", "half"]
_REASONS = {"401": "Authentication Required", "403": "Forbidden", "500": "Internal Server Error"}


class ScriptedIcecast:
    """Listens on loopback and treats each source as its ``mood`` says at that moment.

    ``ok`` takes everything; ``401``, ``403``, ``500``, ``nonsense`` answer so; ``mute`` never answers; ``stall`` lets
    a source in and takes nothing more; ``slow`` takes a tenth of the stream; ``drop`` hangs up in mid-frame;
    ``half`` sends half an answer. ``close`` makes it refuse connections, ``open`` listens again.

    Attributes:
        received: bytes of audio taken while the mood was ``ok``.
        sources: how many sources came.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.mood: Mood = "ok"
        self.received = 0
        self.sources = 0
        self._server: socket.socket | None = None
        self.open()

    @property
    def url(self) -> str:
        """Return the mount's address."""
        return f"http://127.0.0.1:{self.port}/latentfm.mp3"

    def open(self) -> None:
        """Listen."""
        server = socket.create_server(("127.0.0.1", self.port))
        self._server = server
        threading.Thread(target=self._accept, args=(server,), daemon=True).start()

    def close(self) -> None:
        """Refuse connections; those that are there go on."""
        if self._server is not None:
            self._server.shutdown(socket.SHUT_RDWR)
            self._server.close()
            self._server = None

    def _accept(self, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client:
            head = b""
            while b"\r\n\r\n" not in head:
                part = client.recv(4096)
                if not part:
                    return
                head += part
            if head.startswith(b"GET"):
                client.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
                return
            self.sources += 1
            self._take(client)

    def _take(self, client: socket.socket) -> None:
        mood = self.mood
        if mood in _REASONS:
            client.sendall(f"HTTP/1.0 {mood} {_REASONS[mood]}\r\n\r\n".encode())
            return
        if mood == "nonsense":
            client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
            return
        if mood == "half":
            client.sendall(b"HTTP/1.0 2")
            return
        if mood != "mute":
            client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        while self.mood == mood:
            if mood in ("mute", "stall"):
                time.sleep(0.05)
                continue
            data = client.recv(300 if mood == "slow" else 65_536)
            if not data:
                return
            if mood == "drop":
                client.recv(777)  # a frame of 192 kbit/s has 576 bytes
                return
            if mood == "slow":
                time.sleep(0.1)
            else:
                self.received += len(data)
        if self.mood == "ok":
            return  # the source has to come again, as after every fault
