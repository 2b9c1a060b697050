"""What every output has in common: it starts, stops, and says how it is."""

from __future__ import annotations

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
    gaps: int | None = None


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
