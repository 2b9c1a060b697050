"""Logs without floods: of one event so many lines come at once, then a line now and then, and a count of the others.

What is broken says so once where that is known (`Supervised`, outputs, the studio's episodes). This is the dam behind
all that, for what nobody thought of: a library that warns at each request, a bank of a thousand damaged takes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

BURST = 30  # lines of one event that may come at once
PER_LINE = 30.0  # seconds after which one more may
TOLD_AFTER = 60.0  # seconds without the event, after which it is told how many lines were left out
SAYS = "log_muted"
_EXEMPT = (SAYS, "stack")


@dataclass
class _Bucket:
    """What is known of one event."""

    left: float = BURST
    filled: float = 0.0
    muted: int = 0
    muted_at: float = 0.0


class Flood(logging.Filter):
    """A filter of a handler; the key is the event's name, or of other libraries the message before its arguments."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line may be written; tell before it what was left out and seems to be over."""
        name = str(record.msg.get("event")) if isinstance(record.msg, dict) else f"{record.name}: {record.msg}"
        if name in _EXEMPT:
            return True
        with self._lock:
            passes = self._passes(name)
            over = self._over()
        for event, lines in over:
            structlog.get_logger().warning(SAYS, of=event, lines=lines)
        return passes

    def _passes(self, name: str) -> bool:
        now = self._clock()
        bucket = self._buckets.setdefault(name, _Bucket(filled=now))
        bucket.left = min(bucket.left + (now - bucket.filled) / PER_LINE, BURST)
        bucket.filled = now
        if bucket.left >= 1:
            bucket.left -= 1
            return True
        bucket.muted, bucket.muted_at = bucket.muted + 1, now
        return False

    def _over(self) -> list[tuple[str, int]]:
        """Take out the counts of events that have been quiet for a while, and forget full buckets."""
        now, told = self._clock(), []
        for name, bucket in list(self._buckets.items()):
            if bucket.muted and now - bucket.muted_at >= TOLD_AFTER:
                told.append((name, bucket.muted))
                bucket.muted = 0
            if not bucket.muted and now - bucket.filled > BURST * PER_LINE:
                del self._buckets[name]  # messages of libraries may be without number
        return told
