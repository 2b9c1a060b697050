"""How much room the takes may have, and which of them go when they have more."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from latentfm.bank.folder import Take

RESERVE: Final = 5
"""Of each mood so many of the newest takes are there to fall back on: neither age nor the disk's floor takes them."""

NEEDED: Final = 100_000_000
"""Bytes that new takes need; with less on the disk, nothing is spared for their sake but the last take."""

_DAY = 86_400 * 10**9  # nanoseconds


@dataclass(frozen=True, slots=True)
class Quota:
    """How much the bank may hold.

    Attributes:
        max_bytes: of all takes.
        max_takes: takes.
        keep_days: days that a take stays which has aired; 0 sets no limit.
        min_free: bytes to be left free on the disk, whoever fills it.
    """

    max_bytes: int = 8 * 10**9
    max_takes: int = 1_000
    keep_days: float = 30.0
    min_free: int = 1_500_000_000


class Room:
    """Decides take by take, in the order in which they are to go, whether one goes."""

    def __init__(
        self,
        quota: Quota,
        takes: Sequence[Take],
        aired: Container[str],
        free: int | None,
        now: int,
        *,
        damaged: int = 0,
        broken: int = 0,
    ) -> None:
        """Look at all takes.

        Args:
            quota: what is allowed.
            takes: every take of the bank.
            aired: the ids of those that have aired.
            free: bytes free on the disk; None where that can't be told.
            now: nanoseconds since 1970.
            damaged: bytes of takes besides those, which can't be played.
            broken: how many they are.
        """
        self._quota = quota
        self._aired = aired
        self._free = free
        self._now = now
        self._size = sum(take.size for take in takes) + damaged
        self._count = len(takes) + broken
        self._sound = len(takes)
        newest: Counter[str] = Counter()
        self._reserve = set()
        for take in sorted(takes, key=lambda take: take.published, reverse=True):
            newest[take.info.playlist] += 1
            if newest[take.info.playlist] <= RESERVE:
                self._reserve.add(take.info.id)

    @property
    def low(self) -> bool:
        """Return whether the disk has less room than is to be left."""
        return self._free is not None and self._free < self._quota.min_free

    @property
    def short(self) -> bool:
        """Return whether there are more takes than may be, or less room on the disk: then what is damaged goes."""
        return self.low or self._size > self._quota.max_bytes or self._count > self._quota.max_takes

    def lacks(self, take: Take) -> bool:
        """Return whether a take has to go. The last one never has."""
        if self._sound == 1:
            return False
        if self._size > self._quota.max_bytes or self._count > self._quota.max_takes:
            return True
        if self._free is not None and self._free < NEEDED and self.low:
            return True
        if take.info.id not in self._aired or take.info.id in self._reserve:
            return False
        old = self._quota.keep_days and self._now - take.published > self._quota.keep_days * _DAY
        return self.low or bool(old)

    def gone(self, size: int, *, sound: bool = True) -> None:
        """Take note that a take of so many bytes is gone."""
        self._count -= 1
        self._sound -= sound
        self._size -= size
        if self._free is not None:
            self._free += size


def free_bytes(path: Path) -> int | None:
    """Return the bytes that may still be written where ``path`` is, or is to be; None where that can't be told."""
    for folder in (path, path.parent):
        try:
            disk = os.statvfs(folder)
        except OSError:
            continue
        return disk.f_bavail * disk.f_frsize
    return None
