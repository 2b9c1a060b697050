"""The tally: what became of every try at a take, counted since the start."""

from __future__ import annotations

import bisect
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from latentfm.errors import Rejection

Result = Literal["made", "rejected", "failed"]
RESULTS: tuple[Result, ...] = get_args(Result)
REASONS: tuple[Rejection, ...] = get_args(Rejection)
BOUNDS = (1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)  # seconds: from a fast machine to a small board


@dataclass(frozen=True, slots=True)
class Count:
    """The tally at one moment.

    Attributes:
        results: tries by their result: a take was made, the gate rejected it, or it failed in another way.
        rejections: takes that the gate rejected, by kind.
        given_up: briefs of which no take came in all their tries.
        restarts: children that broke and had to be replaced; renewals by plan are none.
        durations: takes made within each of ``BOUNDS`` and not the one before, then those that took longer.
        seconds: what all the takes made took together.
    """

    results: Mapping[Result, int]
    rejections: Mapping[Rejection, int]
    given_up: int
    restarts: int
    durations: tuple[int, ...]
    seconds: float


class Tally:
    """Counts what a studio does. Any thread may count and ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._results: Counter[Result] = Counter(dict.fromkeys(RESULTS, 0))
        self._rejections: Counter[Rejection] = Counter(dict.fromkeys(REASONS, 0))
        self._given_up = 0
        self._restarts = 0
        self._durations = [0] * (len(BOUNDS) + 1)
        self._seconds = 0.0

    def made(self, seconds: float) -> None:
        """Count a take that took ``seconds`` from its order to its publication."""
        with self._lock:
            self._results["made"] += 1
            self._durations[bisect.bisect_left(BOUNDS, seconds)] += 1
            self._seconds += seconds

    def rejected(self, reason: Rejection) -> None:
        """Count a take that the gate rejected."""
        with self._lock:
            self._results["rejected"] += 1
            self._rejections[reason] += 1

    def failed(self) -> None:
        """Count a try that came to nothing in another way."""
        with self._lock:
            self._results["failed"] += 1

    def gave_up(self) -> None:
        """Count a brief of which no take came."""
        with self._lock:
            self._given_up += 1

    def child_broke(self) -> None:
        """Count a child that is to be replaced."""
        with self._lock:
            self._restarts += 1

    @property
    def count(self) -> Count:
        """Return what was counted so far."""
        with self._lock:
            return Count(
                dict(self._results),
                dict(self._rejections),
                self._given_up,
                self._restarts,
                tuple(self._durations),
                self._seconds,
            )
