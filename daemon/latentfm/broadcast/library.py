"""What may come next, best first: fresh takes, the bank, the takes that ship."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog

from latentfm.audio.pcm import SAMPLE_RATE, seconds_to_frames
from latentfm.bank import AUDIO, Bank, TakeReader, read_take
from latentfm.broadcast.source import Candidate
from latentfm.errors import BankError
from latentfm.take import TakeInfo

SHIPPED_AUDIO = ("take.opus", AUDIO)
CROSSFADE_SECONDS = 8.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Shipped:
    """The takes that ship with the station; the first of each mood is held in memory as it is encoded."""

    infos: tuple[TakeInfo, ...] = ()
    paths: Mapping[str, Path] = field(default_factory=dict)
    memory: Mapping[str, bytes] = field(default_factory=dict)

    def open(self, info: TakeInfo) -> TakeReader:
        """Return a reader; of the bytes in memory where there are any."""
        return TakeReader(self.memory.get(info.id) or self.paths[info.id])


def load_shipped(root: Path) -> Shipped:
    """Read the takes under ``root``; one that is damaged is left out and logged. None at all is no fault."""
    infos: list[TakeInfo] = []
    paths: dict[str, Path] = {}
    memory: dict[str, bytes] = {}
    moods: set[str] = set()
    for folder in sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []:
        audio = next((name for name in SHIPPED_AUDIO if (folder / name).is_file()), AUDIO)
        try:
            info = read_take(folder, audio).info
            if info.playlist not in moods:
                memory[info.id] = (folder / audio).read_bytes()
        except (BankError, OSError) as error:
            log.warning("shipped_take_damaged", take=folder.name, reason=str(error))
            continue
        infos.append(info)
        paths[info.id] = folder / audio
        moods.add(info.playlist)
    return Shipped(tuple(infos), paths, memory)


class Library:
    """Chooses what may come next. May wait for the disk: the pacing thread keeps away from it."""

    def __init__(
        self,
        bank: Bank,
        playlist: Callable[[], str],
        *,
        shipped: Shipped | None = None,
        crossfade_seconds: Callable[[str], float] = lambda _: CROSSFADE_SECONDS,
    ) -> None:
        """Choose from ``bank`` and ``shipped``.

        Args:
            bank: the takes on disk.
            playlist: returns the name of the playlist that is on now.
            shipped: the takes that come with the station.
            crossfade_seconds: returns the longest crossfade of a playlist.
        """
        self.bank = bank
        self._playlist = playlist
        self._shipped = shipped or Shipped()
        self._crossfade = crossfade_seconds

    def fresh(self) -> Iterator[Candidate]:
        """Yield the takes of the mood that is on which have not aired, in the order they were made in."""
        for take in self.bank.unaired(self._playlist()):
            yield Candidate(take.info, "fresh", self._frames(take.info), partial(self.bank.open, take))

    def candidates(self, without: str | None = None) -> Iterator[Candidate]:
        """Yield what may come next, best first: first whatever suits the mood that is on, then anything else.

        ``without`` names the take that is on air, which does not follow itself.
        """
        mood = self._playlist()
        for suits in (True, False):
            if suits:
                yield from (candidate for candidate in self.fresh() if candidate.info.id != without)
            for take in self.bank.least_recently_aired():
                if take.info.id != without and (take.info.playlist == mood) == suits:
                    yield Candidate(take.info, "bank", self._frames(take.info), partial(self.bank.open, take))
            for info in self._shipped_by_airing():
                if info.id != without and (info.playlist == mood) == suits:
                    yield self._shipped_candidate(info)

    def standby(self, without: str | None = None) -> Candidate | None:
        """Return a shipped take that is held in memory, of the mood that is on if there is one, else None."""
        held = [info for info in self._shipped_by_airing() if info.id in self._shipped.memory and info.id != without]
        mood = self._playlist()
        chosen = next((info for info in held if info.playlist == mood), next(iter(held), None))
        return self._shipped_candidate(chosen) if chosen else None

    def seconds(self) -> tuple[float, float]:
        """Return how much music there is to play, what ships included, and how much of it has not aired."""
        takes = sum(take.info.frames for take in self.bank.takes())
        shipped = sum(info.frames for info in self._shipped.infos)
        fresh = sum(take.info.frames for take in self.bank.unaired())
        return (takes + shipped) / SAMPLE_RATE, fresh / SAMPLE_RATE

    def _shipped_by_airing(self) -> list[TakeInfo]:
        ranks = self.bank.aired.ranks()
        return sorted(self._shipped.infos, key=lambda info: ranks.get(info.id, -1))

    def _shipped_candidate(self, info: TakeInfo) -> Candidate:
        return Candidate(info, "shipped", self._frames(info), partial(self._shipped.open, info))

    def _frames(self, info: TakeInfo) -> int:
        return seconds_to_frames(self._crossfade(info.playlist))
