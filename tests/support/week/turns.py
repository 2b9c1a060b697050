"""Threads that take turns: what waits in a thread of its own goes on when the one clock says so, one at a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from latentfm.ops.clock import Clock

_HUNG = 60.0  # real seconds after which a thread that took its turn must have waited again


@dataclass
class _Waiter:
    due: float
    event: threading.Event | None
    go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


class Turns:
    """Hands turns to threads that wait on the clock.

    ``wait`` belongs to those threads, the rest to the simulation's own. A thread that waits for another one, as the
    producer does for the studio, leaves its turn to that.
    """

    def __init__(self, clock: Clock) -> None:
        self.over = False
        self._clock = clock
        self._waiting: list[_Waiter] = []
        self._back = threading.Semaphore(0)

    def wait(self, seconds: float | None, event: threading.Event | None = None) -> None:
        """Return after some seconds of the clock, or once an event is set."""
        if self.over or (event is not None and event.is_set()):
            return
        waiter = _Waiter(self._clock.monotonic() + (seconds or 0.0), event)
        self._waiting.append(waiter)
        self._back.release()
        waiter.go.acquire()

    def begun(self) -> None:
        """Return when a thread that was started just now waits."""
        if not self._back.acquire(timeout=_HUNG):
            raise RuntimeError("a thread does not give back its turn")

    def go_round(self) -> None:
        """Let each thread go on whose time has come, until it waits again."""
        now = self._clock.monotonic()
        while True:
            due = next((one for one in self._waiting if one.due <= now or (one.event and one.event.is_set())), None)
            if due is None:
                return
            self._waiting.remove(due)
            due.go.release()
            self.begun()

    def end(self) -> None:
        """Let every thread run on without waiting, to its end."""
        self.over = True
        for waiter in self._waiting:
            waiter.go.release()


class Moment(threading.Event):
    """An event that is waited for by the clock."""

    def __init__(self, turns: Turns) -> None:
        super().__init__()
        self._turns = turns

    def wait(self, timeout: float | None = None) -> bool:
        """Wait in turn; return whether it is set."""
        self._turns.wait(timeout, self)
        return self.is_set()
