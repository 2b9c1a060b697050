"""What may come next, best first: fresh takes, the bank, the takes that ship."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog

from latentfm.audio.pcm import SAMPLE_RATE, seconds_to_frames
from latentfm.bank import AUDIO, Bank, Take, TakeReader, read_take
from latentfm.broadcast.block import Origin
from latentfm.broadcast.seam import stretch
from latentfm.broadcast.source import Candidate
from latentfm.errors import BankError
from latentfm.programme import Slot
from latentfm.take import TakeInfo

SHIPPED_AUDIO = ("take.opus", AUDIO)
CROSSFADE_SECONDS = 8.0
CHAINED = 75.0  # seconds by which a take that was made for its time may run over a change of mood
CLOSE = 45.0  # the same for any other take, of which one may fit better; and by which one made for later may be early
EARLIEST = 90.0  # seconds by which a mood may come early where nothing else ends near its time

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
        slot_at: Callable[[float], Slot],
        *,
        shipped: Shipped | None = None,
        crossfade_seconds: Callable[[str], float] = lambda _: CROSSFADE_SECONDS,
    ) -> None:
        """Choose from ``bank`` and ``shipped``.

        Args:
            bank: the takes on disk.
            slot_at: returns what a seam at a moment, in seconds since 1970, leads into.
            shipped: the takes that come with the station.
            crossfade_seconds: returns the longest crossfade of a playlist.
        """
        self.bank = bank
        self._slot_at = slot_at
        self._shipped = shipped or Shipped()
        self._crossfade = crossfade_seconds

    def chain(self, committed: Collection[str] = ()) -> tuple[TakeInfo, ...]:
        """Return the fresh takes that go on from what aired last, in their order.

        Left out are those that were passed over, as when they no longer fitted before a change of mood: they go on
        from what nobody remembers. ``committed`` names takes that count as aired already.
        """
        takes = [take.info for take in self.bank.takes()]
        gone = {info.id for info in takes if info.id in self.bank.aired or info.id in committed}
        last = max((info.carry.section for info in takes if info.id in gone), default=-1)
        fresh = [info for info in takes if info.id not in gone and info.carry.section > last]
        return tuple(sorted(fresh, key=lambda info: info.carry.section))

    def mood(self, at: float) -> str:
        """Return the mood that a seam at the moment ``at`` leads into."""
        return self._slot_at(at).playlist

    @property
    def shipped_ids(self) -> frozenset[str]:
        """Return the ids of the takes that ship."""
        return frozenset(info.id for info in self._shipped.infos)

    def shipped(self, committed: Collection[str]) -> list[TakeInfo]:
        """Return those of the takes that ship which are on air or about to be: a new station goes on from them."""
        return [info for info in self._shipped.infos if info.id in committed]

    def seconds(self, info: TakeInfo) -> float:
        """Return how long a take is on air, from the middle of one seam to the middle of the next."""
        return stretch(info, self._frames(info)) / SAMPLE_RATE

    def choose(self, chain: Sequence[TakeInfo], at: float) -> TakeInfo | None:
        """Return the take of a chain that enters at the moment ``at``, None where none suits the programme then.

        A take of the mood that is on must not run far over the next change; one of the next mood may be a little early.
        """
        slot = self._slot_at(at)
        ours = (info for info in chain if info.playlist == slot.playlist and self._late(info, at, slot) <= CHAINED)
        near = slot.until is not None and slot.until - at <= CLOSE
        theirs = (info for info in chain if near and info.playlist == slot.following)
        return next(ours, None) or next(theirs, None)

    def fresh_ready(self, at: float) -> bool:
        """Return whether fresh takes lie ready for a seam at the moment ``at``, be it that none fits before a change.

        Where one does not, something else enters by plan and not for want of them.
        """
        slot = self._slot_at(at)
        near = slot.until is not None and slot.until - at <= EARLIEST
        return bool(self.bank.unaired(slot.playlist) or (near and self.bank.unaired(slot.following)))

    def waiting(self, at: float) -> tuple[int, float]:
        """Return how many fresh takes of the mood at a moment lie ready, and the seconds until the next change."""
        slot = self._slot_at(at)
        ready = sum(info.playlist == slot.playlist for info in self.chain())
        return ready, math.inf if slot.until is None else slot.until - at

    def candidates(self, at: float, without: str | None = None) -> Iterator[Candidate]:
        """Yield what may enter at the moment ``at``, best first.

        The take that was made for it; then of the mood that a seam leads into what is fresh, the bank and what ships,
        as far as they end near enough to the next change. Then whatever comes nearest to the change's time, be that by
        the next mood coming early; then anything at all. ``without`` names the take on air: none follows itself.
        """
        slot, chosen = self._slot_at(at), self.choose(self.chain(), at)
        ranked = []
        for candidate in self._of_mood(slot.playlist):
            late = self._late(candidate.info, at, slot)
            ranked.append((0.0 if late <= CLOSE else late, candidate))
        if slot.until is not None and slot.following is not None and slot.until - at <= EARLIEST:
            ranked += [(slot.until - at, candidate) for candidate in self._of_mood(slot.following)]
        # Stable: what misses the change by as much stays in its order.
        ranked.sort(key=lambda pair: -1.0 if chosen and pair[1].info.id == chosen.id else pair[0])
        yielded = {without}
        for candidate in (*(candidate for _, candidate in ranked), *self._all()):
            if candidate.info.id not in yielded:
                yielded.add(candidate.info.id)
                yield candidate

    def standby(self, at: float, without: str | None = None) -> Candidate | None:
        """Return a shipped take that is held in memory, of the mood at the moment if there is one, else None."""
        held = [info for info in self._shipped_by_airing() if info.id in self._shipped.memory and info.id != without]
        mood = self.mood(at)
        chosen = next((info for info in held if info.playlist == mood), next(iter(held), None))
        return self._shipped_candidate(chosen) if chosen else None

    def _late(self, info: TakeInfo, at: float, slot: Slot) -> float:
        """Return how many seconds after its time the next change comes if a take enters at the moment ``at``."""
        return 0.0 if slot.until is None else max(at + self.seconds(info) - slot.until, 0.0)

    def _of_mood(self, mood: str) -> Iterator[Candidate]:
        """Yield a mood's takes: fresh ones in their order, those passed over, the rest as they aired, what ships."""
        places = {info.id: place for place, info in enumerate(self.chain())}
        unaired = sorted(self.bank.unaired(mood), key=lambda take: places.get(take.info.id, len(places)))
        yield from (self._candidate(take, "fresh") for take in unaired)
        yield from (self._candidate(take, "bank") for take in self._aired(mood))
        yield from (self._shipped_candidate(info) for info in self._shipped_by_airing() if info.playlist == mood)

    def _all(self) -> Iterator[Candidate]:
        """Yield every take, those last that another mood could still air fresh."""
        yield from (self._candidate(take, "bank") for take in self._aired())
        yield from map(self._shipped_candidate, self._shipped_by_airing())
        yield from (self._candidate(take, "bank") for take in self.bank.unaired())

    def _aired(self, mood: str | None = None) -> list[Take]:
        return [take for take in self.bank.least_recently_aired(mood) if take.info.id in self.bank.aired]

    def _shipped_by_airing(self) -> list[TakeInfo]:
        ranks = self.bank.aired.ranks()
        return sorted(self._shipped.infos, key=lambda info: ranks.get(info.id, -1))

    def _candidate(self, take: Take, origin: Origin) -> Candidate:
        return Candidate(take.info, origin, self._frames(take.info), partial(self.bank.open, take))

    def _shipped_candidate(self, info: TakeInfo) -> Candidate:
        return Candidate(info, "shipped", self._frames(info), partial(self._shipped.open, info))

    def _frames(self, info: TakeInfo) -> int:
        return seconds_to_frames(self._crossfade(info.playlist))
