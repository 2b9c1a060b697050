"""Threads that are rebuilt: whatever a part raises is logged once, with its reason, and the part runs again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import structlog

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0  # seconds between a fault and the next attempt
_SOUND_AFTER = 30.0  # seconds of running after which an earlier fault counts as over

log = structlog.get_logger()


class Supervised:
    """A thread for one part of the station.

    ``run`` is called with an event and returns once that is set. If it raises, or returns before, it is called
    anew after a pause that grows to ``longest_pause`` while faults follow one another.

    Attributes:
        name: the part's name in the log.
        restarts: how often it was run anew.
        fault: the reason of the last fault, None while the part is sound.
    """

    def __init__(
        self, name: str, run: Callable[[threading.Event], None], *, longest_pause: float = _LONGEST_PAUSE
    ) -> None:
        self.name = name
        self.restarts = 0
        self.fault: str | None = None
        self._run = run
        self._longest_pause = longest_pause
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._supervise, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()
        _started.add(self)

    def ask_to_stop(self) -> None:
        """Ask the part to end, and wait for nothing."""
        self._stop.set()

    def stop(self, timeout: float = 2.0) -> bool:
        """Ask the part to end and wait for it; return whether it has ended."""
        self._stop.set()
        _started.discard(self)
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Return whether the thread runs."""
        return self._thread.is_alive()

    def _supervise(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stop.is_set():
            began = time.monotonic()
            try:
                self._run(self._stop)
                reason = "it ended by itself"
            except (Exception, SystemExit) as error:  # noqa: BLE001 - uvicorn leaves by SystemExit; all are logged
                reason = f"{type(error).__name__}: {error}"
            if self._stop.is_set():
                return
            self.restarts += 1
            if time.monotonic() - began > _SOUND_AFTER:
                pause, self.fault = _FIRST_PAUSE, None
            if reason != self.fault:
                log.error("part_failed", part=self.name, reason=reason, again_in=pause)
            self.fault = reason
            self._stop.wait(pause)
            pause = min(pause * 2, self._longest_pause)


_started: set[Supervised] = set()  # in this process, and not asked to stop: whether they live is the process's health


def started() -> tuple[Supervised, ...]:
    """Return the parts of this process that were started and not stopped."""
    return tuple(_started.copy())


def stop_all(parts: Iterable[Supervised], timeout: float = 2.0) -> list[str]:
    """Stop parts in the reverse of the order given; return the names of those that did not end in time."""
    stuck = [part.name for part in reversed(list(parts)) if not part.stop(timeout)]
    if stuck:
        log.warning("parts_left", parts=stuck)
    return stuck
