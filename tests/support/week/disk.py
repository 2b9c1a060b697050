"""The disk and the card: full for a while, stalled for a while. Decks decode when the simulation says so."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latentfm.broadcast import Shipped
from latentfm.broadcast.deck import Deck
from latentfm.history.store import Store
from latentfm.ops.clock import Clock

_PLAIN_BATCH = Store.batch


class Disk:
    """What lies under the state folder."""

    def __init__(self, clock: Clock) -> None:
        self.full_until = self.stalled_until = float("-inf")
        self._clock = clock
        self._decks: list[Deck] = []

    @property
    def full(self) -> bool:
        """Return whether nothing can be written now."""
        return self._clock.monotonic() < self.full_until

    @property
    def stalled(self) -> bool:
        """Return whether nothing can be read now."""
        return self._clock.monotonic() < self.stalled_until

    def start(self, deck: Deck) -> None:
        """Decode a deck from now on: in the place of its thread."""
        self._decks.append(deck)
        self._fill(deck)

    def go_round(self) -> None:
        """Let every deck decode what it has room for."""
        for deck in list(self._decks):
            self._fill(deck)
            if deck._closed or deck.ended:
                self._decks.remove(deck)
                if deck._reader is not None:
                    deck._reader.close()

    def forget(self) -> None:
        """Let go of every deck, as when the station has ended."""
        for deck in self._decks:
            deck.close()
        self.go_round()

    def write(self, path: Path, content: bytes | memoryview) -> None:
        """Write a file: ``bank.files.write_through`` without waiting for a real disk."""
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        path.write_bytes(content)

    def _fill(self, deck: Deck) -> None:
        info, source = deck.candidate.info, getattr(deck.candidate.open, "func", None)
        in_memory = isinstance(source.__self__, Shipped) and info.id in source.__self__.memory if source else False
        while (in_memory or not self.stalled) and deck.fill():
            pass


@contextmanager
def batch(store: Store, disk: Disk) -> Iterator[None]:
    """Be ``Store.batch`` on a disk that may be full."""
    with _PLAIN_BATCH(store):
        yield
        if disk.full:
            raise sqlite3.OperationalError("database or disk is full")
