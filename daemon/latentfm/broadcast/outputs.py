"""What every output has in common: it starts, stops, and says how it is."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

State = Literal["starting", "connected", "waiting", "refused", "stopped"]


@dataclass(frozen=True, slots=True)
class OutputStatus:
    """How an output is.

    Attributes:
        name: what the log calls it; holds no secret.
        kind: ``web``, ``icecast`` or ``soundcard``.
        state: ``waiting`` retries after a fault, ``refused`` retries too but needs somebody to change a setting.
        reason: why it is not connected, else None.
        title: the title it sent last, where it sends titles.
        listeners: how many listen, where it knows.
        connects: how often it connected.
        bytes_sent: audio sent since the start.
        last_write: when it last accepted a byte, in seconds since 1970; None before the first. The built-in one accepts
            none while nobody listens.
        gaps: how often there was nothing to play, where it knows.
    """

    name: str
    kind: Literal["web", "icecast", "soundcard"]
    state: State
    reason: str | None = None
    title: str | None = None
    listeners: int | None = None
    connects: int = 0
    bytes_sent: int = 0
    last_write: float | None = None
    gaps: int | None = None

    @property
    def reconnects(self) -> int:
        """Return how often it connected again."""
        return max(self.connects - 1, 0)


class Output(Protocol):
    """Where a feed, or the PCM itself, goes."""

    def start(self) -> None:
        """Start its threads; never raises for what may pass, such as a server that is not there."""
        ...

    def stop(self, timeout: float = 2.0) -> None:
        """Stop its threads."""
        ...

    @property
    def status(self) -> OutputStatus:
        """Return how it is now."""
        ...


def stop_together(outputs: Iterable[Output]) -> None:
    """Stop outputs side by side: each may wait for its other end, and together they are to take no longer than one."""
    threads = [threading.Thread(target=output.stop, name=f"stop {output.status.name}") for output in outputs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
