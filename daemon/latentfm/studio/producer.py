"""The producer: keeps the studio busy until enough fresh takes lie ready, and never dies quietly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import structlog

from latentfm.errors import LatentFMError, StudioError
from latentfm.studio.identity import take_id

if TYPE_CHECKING:
    from latentfm.brief import Brief
    from latentfm.studio.supervisor import Studio
    from latentfm.take import TakeInfo

_log = structlog.get_logger()

_LOOK_EVERY = 2.0  # seconds between looks at the runway when nobody wakes the producer


@dataclass(frozen=True)
class Orders:
    """What the producer asks and tells the station.

    ``wanted`` returns the next brief, or None while the runway is long enough; it may raise. ``made`` hears of a
    take, ``given_up`` of a brief of which no take came.
    """

    wanted: Callable[[], Brief | None]
    made: Callable[[TakeInfo], None]
    given_up: Callable[[Brief], None]


class Producer:
    """A thread that orders takes from a studio one after the other."""

    def __init__(self, studio: Studio, orders: Orders, *, wait_first: float = 1.0, wait_most: float = 60.0) -> None:
        self._studio = studio
        self._orders = orders
        self._wait_first = wait_first
        self._wait_most = wait_most
        self._random = Random()  # for jitter alone
        self._failures = 0
        self._fault = ""
        self._stopping = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="producer", daemon=True)

    def start(self) -> None:
        """Begin to order."""
        self._thread.start()

    def wake(self) -> None:
        """Look at the runway now: a take has gone on air, or the programme has changed."""
        self._wake.set()

    def ask_to_stop(self) -> None:
        """Order nothing more, and take what is in flight for given up by us rather than failed."""
        self._stopping.set()
        self._wake.set()

    def stop(self) -> None:
        """Stop; wait a second at most for what is in flight, so the studio is better closed before."""
        self.ask_to_stop()
        if self._thread.is_alive():
            self._thread.join(1.0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                ordered = self._order_one()
            except Exception as error:  # noqa: BLE001 - told once an episode; the thread goes on
                self._note(error)
                self._pause()
            else:
                if not ordered:
                    self._wake.wait(_LOOK_EVERY)
                    self._wake.clear()

    def _order_one(self) -> bool:
        """Order the next take and wait for it; return whether one was wanted."""
        brief = self._orders.wanted()
        if brief is None:
            return False
        try:
            take = self._studio.submit(brief).result()
        except (StudioError, CancelledError) as error:
            if self._stopping.is_set():
                return False
            self._orders.given_up(brief)
            raise StudioError(f"{take_id(brief)}: {error}") from error
        self._orders.made(take)
        if self._failures:
            _log.info("producer_recovered", failures=self._failures)
        self._failures, self._fault = 0, ""
        return True

    def _note(self, error: Exception) -> None:
        self._failures += 1
        if self._stopping.is_set() or type(error).__name__ == self._fault:
            return
        self._fault = type(error).__name__
        if isinstance(error, LatentFMError):
            _log.warning("no_fresh_take", reason=str(error))
        else:
            _log.error("producer_fault", exc_info=error)

    def _pause(self) -> None:
        wait = min(self._wait_most, self._wait_first * 2.0 ** min(self._failures - 1, 16))
        self._stopping.wait(wait * self._random.uniform(0.5, 1.0))
