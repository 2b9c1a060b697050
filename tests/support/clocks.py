"""Clocks for stations under test: hurried ones, and ones whose wall clock is set from outside."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from latentfm.ops.clock import SystemClock


class TestClock(SystemClock):
    """A clock that runs some times faster than the machine's, and whose wall clock is as far off as a file says.

    Args:
        pace: seconds of the station that pass in a real one.
        offset: a file with the seconds by which the wall clock is off; none yet is no offset.
    """

    __test__ = False  # no test, whatever its name

    def __init__(self, pace: float = 1.0, offset: Path | None = None) -> None:
        self._pace, self._offset = pace, offset
        self._began = time.monotonic(), time.time()
        self._read_at, self._off = -1.0, 0.0

    def monotonic(self) -> float:
        """Return hurried seconds."""
        return self._began[0] + (time.monotonic() - self._began[0]) * self._pace

    def time(self) -> float:
        """Return the wall clock: it hurries too, and is off."""
        now = time.monotonic()
        if self._offset is not None and now - self._read_at > 0.02:
            self._read_at = now
            with contextlib.suppress(FileNotFoundError, ValueError):  # not written, or not wholly
                self._off = float(self._offset.read_text())
        return self._began[1] + (now - self._began[0]) * self._pace + self._off

    def sleep(self, seconds: float) -> None:
        """Sleep for that much of the station's time."""
        super().sleep(seconds / self._pace)
