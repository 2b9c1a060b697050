"""An Icecast output: a source client that reconnects for ever, and a second thread for the titles."""

from __future__ import annotations

import socket
import threading
import time

import structlog

from latentfm.broadcast.connection import Connection
from latentfm.broadcast.feeds import BURST, Feed
from latentfm.broadcast.icecast_wire import TIMEOUT, Target, check_answer, open_source, send_title, spoken
from latentfm.broadcast.outputs import OutputStatus
from latentfm.broadcast.supervised import Supervised, stop_all
from latentfm.errors import OutputError

_LONGEST_WAIT = 15.0  # seconds between attempts
_TITLE_WAIT = 2.0  # seconds until a title that was not taken is sent again
_LOOK = 0.5  # seconds after which a waiting thread looks around

log = structlog.get_logger()


class IcecastOutput:
    """Sends a feed to an Icecast mount.

    It reconnects for ever, with waits that grow, are capped and jittered, and sends the title again on every connect.
    It logs each change once: lost, refused, connected again.
    """

    def __init__(
        self, target: Target, feed: Feed, *, longest_wait: float = _LONGEST_WAIT, timeout: float = TIMEOUT
    ) -> None:
        """Send ``feed`` to ``target``.

        Args:
            target: the mount.
            feed: what is sent.
            longest_wait: the longest wait between two attempts, in seconds.
            timeout: how long the server may take over a connect, an answer or a chunk, in seconds.
        """
        self.name = f"icecast {target.host}:{target.port}{target.mount}"
        self._target = target
        self._feed = feed
        self._timeout = timeout
        self._connection = Connection(self.name, longest_wait)
        self._bytes = 0
        self._last_write: float | None = None
        self._title: str | None = None  # what is audible in what was sent
        self._title_sent: str | None = None
        self._title_due = threading.Condition()
        self._parts = (
            Supervised(self.name, self._run_source),
            Supervised(f"{self.name} titles", self._run_titles),
        )

    def start(self) -> None:
        """Start connecting."""
        for part in self._parts:
            part.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Close the connection and stop."""
        for part in self._parts:
            part.ask_to_stop()
        stop_all(self._parts, timeout)
        self._connection.state = "stopped"

    @property
    def status(self) -> OutputStatus:
        """Return how it is now."""
        return OutputStatus(
            self.name,
            "icecast",
            self._connection.state,
            self._connection.reason,
            title=self._title_sent,
            connects=self._connection.connects,
            bytes_sent=self._bytes,
            last_write=self._last_write,
        )

    def _run_source(self, stop: threading.Event) -> None:
        self._connection.keep(self._attempt, stop)

    def _attempt(self, stop: threading.Event) -> None:
        try:
            self._stream(stop)
        finally:
            with self._title_due:
                self._title = self._title_sent = None

    def _stream(self, stop: threading.Event) -> None:
        """Connect and send until ``stop`` is set or the connection breaks, which raises."""
        sock = open_source(self._target, self._feed.format.content_type, self._feed.kbits, self._timeout)
        try:
            self._connection.made()
            with self._feed.subscribe(burst=BURST) as subscription:
                while not stop.is_set():
                    chunk = subscription.get(_LOOK)
                    if chunk is not None:
                        sock.sendall(chunk.data)
                        self._bytes += len(chunk.data)
                        self._last_write = time.time()
                        self._say(chunk.playing.title)
                    elif subscription.closed:
                        raise OutputError("the server does not keep up with the stream")
                    self._listen_to(sock)
        finally:
            sock.close()

    def _listen_to(self, sock: socket.socket) -> None:
        words = spoken(sock)
        if words is None:
            raise OutputError("the server closed the connection")
        if words:
            check_answer(words)

    def _say(self, title: str) -> None:
        if title != self._title:
            with self._title_due:
                self._title = title
                self._title_due.notify()

    def _run_titles(self, stop: threading.Event) -> None:
        failing = False
        while not stop.is_set():
            with self._title_due:
                if self._title == self._title_sent:
                    self._title_due.wait(_LOOK)
                title, connects = self._title, self._connection.connects
                if title is None or title == self._title_sent:
                    continue
            try:
                send_title(self._target, title, self._timeout)
            except (OutputError, OSError) as error:
                if not failing:
                    log.warning("title_not_sent", output=self.name, reason=str(error))
                failing = True
                stop.wait(_TITLE_WAIT)
                continue
            failing = False
            with self._title_due:
                if connects == self._connection.connects and self._title is not None:
                    self._title_sent = title
