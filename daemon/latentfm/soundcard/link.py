"""The sound-card child seen from the station: start it, give it PCM, hear how it goes, end it. Nothing waits long."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import IO

from latentfm.errors import OutputError
from latentfm.ops.process import child_environment
from latentfm.soundcard.protocol import Message, parse

CHILD = (sys.executable, "-m", "latentfm.soundcard.child")
_READ = 65_536  # bytes
_WORDS = 500  # characters of what libraries printed that are told when the child dies


class Link:
    """A running child. Start it from a thread that lives as long as it may: the kernel ends it with that thread."""

    def __init__(self, arguments: Sequence[str], command: Sequence[str] = CHILD) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, or what a test names
            [*command, f"--parent={os.getpid()}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=child_environment(),
            bufsize=0,
        )
        assert self._process.stdin and self._process.stdout and self._process.stderr  # noqa: PT018, S101 - asked for
        self._pcm, self._said, self._errors = self._process.stdin, self._process.stdout, self._process.stderr
        for pipe in (self._pcm, self._said, self._errors):
            os.set_blocking(pipe.fileno(), False)
        self._line = bytearray()
        self._words = ""

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def send(self, data: bytes, patience: float) -> None:
        """Give PCM to the child; raise OutputError if it takes none for ``patience`` seconds.

        A child that has ended takes nothing more; ``messages`` says why.
        """
        rest = memoryview(data)
        until = time.monotonic() + patience
        poll = select.poll()
        poll.register(self._pcm, select.POLLOUT)
        while rest:
            if not poll.poll(max(until - time.monotonic(), 0.0) * 1000):
                raise OutputError("the sound card's process takes no more audio")
            try:
                rest = rest[os.write(self._pcm.fileno(), rest) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                return

    def messages(self, wait: float) -> list[Message]:
        """Return what the child has said, after ``wait`` seconds at most; raise OutputError once it has ended."""
        poll = select.poll()
        poll.register(self._said, select.POLLIN)
        poll.poll(wait * 1000)
        self._words = (self._words + (_read(self._errors) or b"").decode(errors="replace"))[-_WORDS:]
        while data := _read(self._said):
            self._line += data
        *lines, rest = bytes(self._line).split(b"\n")
        self._line = bytearray(rest)
        if data is not None and not lines:
            raise OutputError(f"the sound card's process ended ({self._ending()})")
        return [parse(line) for line in lines]

    def end(self, grace: float = 0.0) -> None:
        """End the child: by its own fade within ``grace`` seconds, else at once."""
        process = self._process
        with contextlib.suppress(OSError):
            self._pcm.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
        with contextlib.suppress(OSError):
            process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):  # in the kernel's hands then, and reaped later
            process.wait(1.0)
        self._said.close()
        self._errors.close()

    def _ending(self) -> str:
        """Return how the child ended, and the last that libraries printed."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        status = self._process.returncode
        how = "still there" if status is None else f"signal {-status}" if status < 0 else f"status {status}"
        words = " | ".join(line.strip() for line in self._words.splitlines() if line.strip())
        return f"{how}: {words}" if words else how


def _read(pipe: IO[bytes]) -> bytes | None:
    """Return what is in a pipe: nothing at its end, None if nothing is there yet."""
    try:
        return os.read(pipe.fileno(), _READ)
    except BlockingIOError:
        return None
