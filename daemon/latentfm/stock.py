"""What lies ready: seconds of takes, and room for more. However many ask, the disk is looked at every few seconds."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.bank import Bank, Quota, free_bytes
from latentfm.config import BankConfig
from latentfm.ops.clock import Clock
from latentfm.take import TakeInfo

_EVERY = 2.0  # seconds that a look is good for
_GB = 10**9


@dataclass(frozen=True, slots=True)
class Stock:
    """What lay ready at a look.

    Attributes:
        playable: seconds of takes that could be played, those that ship included.
        fresh: seconds of takes that have not aired.
        disk_free: bytes left for the station on the disk of its state folder, None where that can't be told.
    """

    playable: float = 0.0
    fresh: float = 0.0
    disk_free: int | None = None


class Stocktaker:
    """Looks at the bank and at the disk. Any thread may ask.

    Should the disk hang, that holds up the one who asked first; everybody else gets what was found before.
    """

    def __init__(self, bank: Bank, shipped: Sequence[TakeInfo], clock: Clock) -> None:
        self._bank = bank
        self._shipped = sum(info.frames for info in shipped)
        self._clock = clock
        self._looking = threading.Lock()
        self._stock = Stock()
        self._good_until = float("-inf")

    def look(self) -> Stock:
        """Return what lies ready, or did a moment ago."""
        if self._clock.monotonic() >= self._good_until and self._looking.acquire(blocking=False):
            try:
                self._stock = self._count()
                self._good_until = self._clock.monotonic() + _EVERY
            finally:
                self._looking.release()
        return self._stock

    def _count(self) -> Stock:
        takes = self._bank.takes()
        fresh = sum(take.info.frames for take in takes if take.info.id not in self._bank.aired)
        playable = self._shipped + sum(take.info.frames for take in takes)
        return Stock(playable / SAMPLE_RATE, fresh / SAMPLE_RATE, free_bytes(self._bank.root))


def quota_of(settings: BankConfig) -> Quota:
    """Return what a configuration lets the bank hold."""
    return Quota(
        max_bytes=round(settings.max_gb * _GB), keep_days=settings.keep_days, min_free=round(settings.min_free_gb * _GB)
    )
