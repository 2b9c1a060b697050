"""Events from threads that must not wait for a log: noted here, written by somebody else."""

from __future__ import annotations

from collections import deque
from typing import Any

import structlog

_LIMIT = 500  # notices kept; beyond that the oldest go

log = structlog.get_logger()


class Notices:
    """A short memory of events. ``put`` never blocks and never fails."""

    def __init__(self) -> None:
        self._events: deque[tuple[str, str, dict[str, Any]]] = deque(maxlen=_LIMIT)
        self._last: tuple[str, str, dict[str, Any]] | None = None

    def put(self, event: str, *, level: str = "info", **fields: Any) -> None:
        """Note an event at ``level`` (``info``, ``warning``, ``error``)."""
        self._events.append((level, event, fields))

    def drain(self) -> list[str]:
        """Log what was noted, from a thread that may wait; return the names of the events.

        The same event with the same fields is logged once, however often it comes in a row.
        """
        names = []
        while self._events:
            notice = self._events.popleft()
            if notice == self._last:
                continue
            self._last = notice
            level, event, fields = notice
            getattr(log, level)(event, **fields)
            names.append(event)
        return names
