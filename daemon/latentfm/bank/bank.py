"""The bank: the takes under one folder, and which of them have aired."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from latentfm.audio.pcm import Pcm
from latentfm.bank.aired import Aired
from latentfm.bank.folder import MAKING, Take, TakeReader, read_take, write_take
from latentfm.bank.room import Quota, Room, free_bytes
from latentfm.brief import Carry
from latentfm.errors import BankError
from latentfm.take import TakeInfo

if TYPE_CHECKING:
    from collections.abc import Collection

_PROVENANCE = ("fingerprint",)  # what is kept of it, besides the models of the brief
_GOING = ".going-"  # begins the name of a folder that is no longer a take
_CARRYING = 12  # of the newest takes keep all of their carry: the next section goes on from the last one there is
_ROOMY = 1.25  # of the floor: so much has to be free for a low disk to count as mended

log = structlog.get_logger()


class Bank:
    """The takes under one folder. Safe to use from several threads.

    Attributes:
        quota: how much it may hold; counts from the next ``trim`` on.
    """

    def __init__(self, root: Path, state: Path, quota: Quota | None = None) -> None:
        """Look after ``root``; remember airings in ``state / "aired.json"``. Writes nothing yet."""
        self.root = root
        self.aired = Aired(state / "aired.json")
        self.quota = quota or Quota()
        self._known: dict[str, Take] = {}
        self._damaged: set[str] = set()
        self._unreadable = ""  # why the folder could not be listed the last time
        self._low = False  # whether it was told that the disk is low
        self._lock = threading.Lock()

    def sweep(self) -> int:
        """Remove what a killed writer left behind; call it at start, before a studio writes. Returns how many."""
        left = [path for mark in (MAKING, _GOING) for path in self.root.glob(f"{mark}*")]
        for path in left:
            shutil.rmtree(path, ignore_errors=True)
        if left:
            log.info("bank_swept", folders=len(left))
        return len(left)

    def publish(self, info: TakeInfo, audio: Pcm, midi: bytes) -> Take:
        """Write a take and return it; raise BankError as ``write_take`` does."""
        return read_take(write_take(self.root, info, audio, midi))

    def takes(self, playlist: str | None = None) -> tuple[Take, ...]:
        """Return the sound takes in the order they were made in; a damaged one is skipped and logged once.

        That is the order of their sections: by the files' times alone, takes from before the clock was set back would
        be the newest for as long as it was set back.
        Of their provenance they have what the next order needs; of their carry only the newest have more than where
        they stand: hundreds of them are held in memory. ``read_take`` returns all of it.
        """
        with self._lock:
            try:
                names = {path.name for path in self.root.iterdir() if not path.name.startswith(".") and path.is_dir()}
                self._unreadable = ""
            except FileNotFoundError:
                names = set()
            except OSError as error:
                if str(error) != self._unreadable:  # it is asked for several times a second
                    log.warning("bank_unreadable", root=str(self.root), reason=str(error))
                self._unreadable = str(error)
                names = set(self._known)
            self._known = {name: take for name, take in self._known.items() if name in names}
            for name in names - self._known.keys() - self._damaged:
                try:
                    self._known[name] = _light(read_take(self.root / name))
                except BankError as error:
                    self._damaged.add(name)
                    log.warning("take_damaged", take=name, reason=str(error), folder=str(self.root / name))
            found = sorted(
                self._known.values(), key=lambda take: (take.info.carry.section, take.published, take.info.id)
            )
            for take in found[:-_CARRYING]:
                if take.info.carry.titles or take.info.carry.motifs:
                    self._known[take.info.id] = _without_carry(take)
        return tuple(take for take in found if playlist in (None, take.info.playlist))

    def condemn(self, take_id: str, reason: str) -> None:
        """Leave out a take that turned out damaged while it played; logged once."""
        with self._lock:
            self._known.pop(take_id, None)
            if take_id not in self._damaged:
                self._damaged.add(take_id)
                log.warning("take_damaged", take=take_id, reason=reason)

    def unaired(self, playlist: str | None = None) -> tuple[Take, ...]:
        """Return the takes that have not aired, in the order they were made in: each goes on from the one before."""
        return tuple(take for take in self.takes(playlist) if take.info.id not in self.aired)

    def newest(self, playlist: str | None = None) -> Take | None:
        """Return the take made last, aired or not: its carry is where the next section goes on."""
        return next(reversed(self.takes(playlist)), None)

    def least_recently_aired(self, playlist: str | None = None) -> tuple[Take, ...]:
        """Return the takes by their last airing: those that never aired first, then the one longest ago."""
        ranks = self.aired.ranks()
        return tuple(sorted(self.takes(playlist), key=lambda take: ranks.get(take.info.id, -1)))

    def open(self, take: Take) -> TakeReader:
        """Return a reader of the take's audio; raise BankError if it can't be opened."""
        return TakeReader(take.audio)

    def trim(self, keep: Collection[str] = ()) -> int:
        """Remove takes until the quota holds: damaged ones, then those aired longest ago, then the oldest unaired ones.

        ``keep`` names takes on air or committed. At least one sound take always stays. Returns how many went.
        """
        takes = list(self.takes())
        ranks = self.aired.ranks()
        takes.sort(key=lambda take: (take.info.id not in ranks, ranks.get(take.info.id, 0)))  # stable: else as made
        damaged, free = self._damaged_sizes(), free_bytes(self.root)
        # By the clock that published them, whatever it says.
        room = Room(self.quota, takes, ranks, free, time.time_ns(), damaged=sum(damaged.values()), broken=len(damaged))
        gone = 0
        for name, size in damaged.items():
            if room.short and name not in keep and self._remove(name):
                room.gone(size, sound=False)
                gone += 1
        for take in takes:
            if room.lacks(take) and take.info.id not in keep and self._remove(take.info.id):
                room.gone(take.size)
                gone += 1
        self._tell_room(free, gone)
        return gone

    def _tell_room(self, free: int | None, gone: int) -> None:
        """Log once that the disk is low, and once that it is not any more."""
        if free is None:
            return
        floor = self.quota.min_free
        if free < floor and not self._low:
            self._low = True
            figures = {"free_mb": free // 10**6, "wanted_mb": floor // 10**6, "takes_removed": gone}
            log.warning("disk_low", root=str(self.root), **figures)
        elif free >= floor * _ROOMY and self._low:
            self._low = False
            log.info("disk_roomy", root=str(self.root), free_mb=free // 10**6)

    def _damaged_sizes(self) -> dict[str, int]:
        """Return the bytes of each take that is left out: a card that goes bad leaves more and more of them."""
        with self._lock:
            folders = [self.root / name for name in sorted(self._damaged)]
        sizes = {}
        for folder in folders:
            with contextlib.suppress(OSError), os.scandir(folder) as entries:  # shipped, or gone already
                sizes[folder.name] = sum(entry.stat().st_size for entry in entries if entry.is_file())
        return sizes

    def _remove(self, take_id: str) -> bool:
        going = self.root / f"{_GOING}{take_id}-{secrets.token_hex(4)}"
        try:
            (self.root / take_id).rename(going)  # so that nobody sees half a take
        except OSError as error:
            log.warning("take_not_removed", take=take_id, reason=str(error), folder=str(self.root / take_id))
            return False
        shutil.rmtree(going, ignore_errors=True)
        log.info("take_removed", take=take_id)
        return True


def _light(take: Take) -> Take:
    """Return a take without most of its provenance."""
    whole = take.info.provenance
    kept = {name: whole[name] for name in _PROVENANCE if name in whole}
    if "brief" in whole:
        kept["brief"] = {"models": whole["brief"].get("models", {})}
    return replace(take, info=take.info.model_copy(update={"provenance": kept}))


def _without_carry(take: Take) -> Take:
    """Return a take of which only the place in the chain, the key and the tempo of its carry are left."""
    carry = take.info.carry
    bare = Carry(section=carry.section, key=carry.key, qpm=carry.qpm, latent=())
    return replace(take, info=take.info.model_copy(update={"carry": bare}))
