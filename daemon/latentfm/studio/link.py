"""One studio child seen from the station: start it, order a take from it, end it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import structlog

from latentfm.ops.process import child_environment
from latentfm.studio.protocol import Failed, Hello, Made, Order, Pipe, ProtocolError, encode, parse_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from latentfm.studio.patience import Limits

_log = structlog.get_logger()

_OWN_FIELDS = ("event", "level", "timestamp")
_LINES_KEPT = 12
_LONGEST_LINE = 16_384


class Link:
    """A running child. Start it from a thread that lives as long as it may: the kernel ends it with that thread."""

    def __init__(self, command: Sequence[str], limits: Limits, now: Callable[[], float]) -> None:
        options = [f"--parent={os.getpid()}", f"--nice={limits.niceness}", f"--memory={limits.memory_mb}"]
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, or what a test names
            [*command, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=child_environment(),
            bufsize=0,
        )
        assert self._process.stdin and self._process.stdout  # noqa: PT018, S101 - asked for above
        self._pipe = Pipe(self._process.stdout.fileno(), self._process.stdin.fileno(), now)
        self._now = now
        self._said: deque[str] = deque(maxlen=_LINES_KEPT)
        self._listener = threading.Thread(target=self._listen, name="studio-stderr", daemon=True)
        self._listener.start()
        self.takes = 0

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def await_hello(self, seconds: float) -> None:
        """Return once the child is ready; raise as ``order`` does."""
        if not isinstance(parse_reply(self._pipe.receive(self._now() + seconds)), Hello):
            raise ProtocolError("the studio began with something else than hello")

    def order(self, order: Order, seconds: float) -> Made | Failed:
        """Have one take made.

        Raises TimeoutError when no answer came in ``seconds``, EOFError or OSError when the child is gone and
        ProtocolError when what came is not an answer.
        """
        deadline = self._now() + seconds
        self._pipe.send(encode(order), deadline)
        reply = parse_reply(self._pipe.receive(deadline))
        if isinstance(reply, Hello):
            raise ProtocolError("the studio said hello instead of answering")
        self.takes += 1
        return reply

    def kill(self) -> None:
        """Send SIGKILL, which a stopped process obeys too. May be called from any thread."""
        with contextlib.suppress(OSError):
            self._process.kill()

    def end(self, grace: float = 0.0) -> str:
        """End the child and return how it ended: by itself within ``grace`` seconds, else killed."""
        process = self._process
        if process.stdin:
            with contextlib.suppress(OSError):
                process.stdin.close()  # a child between takes leaves at the end of its orders
        try:
            status = process.wait(grace) if grace > 0 else process.poll()
        except subprocess.TimeoutExpired:
            status = None
        if status is None:
            self.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # in the kernel's hands then, and reaped later
                process.wait(1.0)
        self._listener.join(0.5)
        if process.stdout:
            process.stdout.close()
        if status is None:
            return "killed"
        return f"signal {-status}" if status < 0 else f"status {status}"

    def last_words(self) -> str:
        """Return the end of what the child wrote to stderr and was no log event."""
        return " | ".join(self._said)

    def _listen(self) -> None:
        """Hand the child's log events on as our own, and keep the rest for when it dies."""
        stream = self._process.stderr
        assert stream  # noqa: S101 - asked for above
        with contextlib.suppress(OSError, ValueError), stream:
            while data := stream.readline(_LONGEST_LINE):
                text = data.decode(errors="replace").strip()
                if text and not _relog(text):
                    self._said.append(text)
                    _log.debug("studio_said", text=text)


def _relog(text: str) -> bool:
    """Log a JSON event of the child; return False for any other line."""
    try:
        fields: Any = json.loads(text)
    except ValueError:
        return False
    if not isinstance(fields, dict) or not isinstance(fields.get("event"), str):
        return False
    level = fields.get("level")
    write = getattr(_log, level) if level in ("debug", "info", "warning", "error") else _log.info
    write(fields["event"], where="studio", **{k: v for k, v in fields.items() if k not in (*_OWN_FIELDS, "where")})
    return True
