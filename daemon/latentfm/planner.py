"""The planner: what the studio is to make next, for the hour at which it will air."""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from latentfm.bank import Bank
from latentfm.brief import Brief, Carry
from latentfm.broadcast import Library, NextSeam
from latentfm.config import Config
from latentfm.ops.clock import Clock
from latentfm.orders import next_brief, section_seconds
from latentfm.playlist import Playlist
from latentfm.programme import Programme, Slot, slot_at
from latentfm.sources import Sources, sources_of
from latentfm.studio.identity import named_section
from latentfm.take import TakeInfo
from latentfm.timbre.voicing import voiced

HEARD: Final = 12  # takes whose audio the next one must not repeat
_MISFITS: Final = 2  # takes that do not fit before a change; after so many the rest of its mood is left to the bank
_REPEAT: Final = 75.0  # seconds that a take lasts that fills in while the studio is late
_MAKING: Final = 20.0  # seconds that the first take is thought to take
_COMMITTED: Final = 15.0  # seconds before a seam from which on what enters is decided
_MOST: Final = 50  # seams that are looked ahead


class Seams(Protocol):
    """What the planner asks the director."""

    @property
    def committed(self) -> frozenset[str]:
        """Return the ids of the takes that are on air or about to be."""
        ...

    def next_seam(self) -> NextSeam:
        """Return when the first take that is not chosen yet is to enter."""
        ...


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the station's configuration says of its takes."""

    seed: int
    loudness: float  # LUFS
    takes_ahead: int


def wishes_of(config: Config) -> Wishes:
    """Return what a configuration says of the station's takes."""
    return Wishes(config.station.seed, config.station.loudness, config.studio.takes_ahead)


class Place(NamedTuple):
    """A place in the programme that no take is ready for: when it begins, and what a seam leads into then."""

    at: float
    slot: Slot


class _Plan(NamedTuple):
    """What orders go by; replaced as a whole, as another thread may be reading it."""

    programme: Programme
    playlists: Mapping[str, Playlist]
    wishes: Wishes


class Planner:
    """Says which brief comes next; one brief at a time is in the making."""

    def __init__(
        self,
        programme: Programme,
        playlists: Mapping[str, Playlist],
        library: Library,
        seams: Seams,
        clock: Clock,
        wishes: Wishes,
        *,
        sources: Callable[[Playlist], Sources] = sources_of,
    ) -> None:
        self._plan = _Plan(programme, playlists, wishes)
        self._library = library
        self._seams = seams
        self._clock = clock
        self._sources = sources
        self._section: int | None = None  # the number of the next section, unless the bank knows of later ones
        self._ordered: float | None = None
        self._making: deque[float] = deque(maxlen=5)  # seconds that the last takes took

    def replan(self, programme: Programme, playlists: Mapping[str, Playlist], wishes: Wishes) -> None:
        """Go by another programme, other playlists and wishes from the next order on."""
        self._plan = _Plan(programme, playlists, wishes)

    @property
    def _bank(self) -> Bank:
        return self._library.bank

    def next_brief(self) -> Brief | None:
        """Return the order for the next take, None while enough fresh ones lie ready.

        Raises:
            ModelError, SoundFontError, MidiError: something that its playlist names is not there.
        """
        plan = self._plan
        place = self._next_place(plan)
        if place is None:
            return None
        playlist = voiced(plan.playlists[place.slot.playlist], place.at)
        room = None if place.slot.until is None else place.slot.until - place.at
        sources = self._sources(playlist)
        takes = [take.info for take in self._bank.takes()]
        before = takes or self._library.shipped(self._seams.committed)
        self._section = max(self._count(), *(info.carry.section for info in takes), 0)
        self._ordered = self._clock.monotonic()
        return next_brief(
            station_seed=plan.wishes.seed,
            section=self._section,
            playlist=playlist,
            seconds=None if room is None else section_seconds(playlist, room),
            loudness=plan.wishes.loudness,
            carry=carry_from(before[-1], playlist, sources) if before else None,
            sources=sources,
            heard=[fingerprint for info in takes[-HEARD:] if (fingerprint := info.provenance.get("fingerprint"))],
        )

    def made(self, take: TakeInfo) -> None:
        """Note that a take was made of the last order."""
        self._section = max(self._count(), take.carry.section)
        if self._ordered is not None:
            self._making.append(self._clock.monotonic() - self._ordered)

    def given_up(self, brief: Brief) -> None:
        """Note that the last order came to nothing: the next one is another section, with a seed of its own."""
        del brief
        self._section = self._count() + 1

    def _count(self) -> int:
        """Return how many sections there have been, as far as is known.

        Where the bank is gone it is known from the names of what aired: else the same sections would be made again,
        under the same names, and as those have aired, none of them would be taken for fresh.
        """
        if self._section is None:
            own = set(self._bank.aired.ranks()) - self._library.shipped_ids
            numbers = (number for name in own if (number := named_section(name)) is not None)
            self._section = max(numbers, default=-1) + 1
        return self._section

    def next_place(self) -> Place | None:
        """Return the first place that no fresh take is ready for, None while enough of them lie ready.

        It goes from seam to seam as the director will: to the end of what is on air and committed, then through the
        takes that lie ready. A place that comes before a take could be made is filled by something else.
        """
        return self._next_place(self._plan)

    def _next_place(self, plan: _Plan) -> Place | None:
        at, waits = self._seams.next_seam()
        chain = list(self._library.chain(self._seams.committed))
        soonest = self._clock.time() + statistics.median(self._making or (_MAKING,))
        ready = 0
        for _ in range(_MOST):
            if ready >= plan.wishes.takes_ahead:
                break
            slot = slot_at(plan.programme, at)
            misfits = sum(info.playlist == slot.playlist for info in chain)
            chosen = self._library.choose(chain, at)
            if chosen is not None:
                chain = chain[chain.index(chosen) + 1 :]
                at += self._library.seconds(chosen)
                ready += 1
            elif misfits >= _MISFITS and slot.until is not None:
                at = slot.until
            elif waits and not ready and at < soonest:
                at = soonest
            elif at - _COMMITTED < soonest and not (waits and not ready):
                at += _REPEAT
            else:
                return Place(at, slot)
        return None


def carry_from(last: TakeInfo, playlist: Playlist, sources: Sources) -> Carry:
    """Return where the next section goes on from the last take, as far as the models are still those it was made by.

    A point in one model's latent space means nothing in another's. Key, tempo, motifs and titles are handed on all the
    same: motifs are remembered as tunes.
    """
    before = last.provenance.get("brief", {}).get("models", {})
    lead, drums = playlist.walks_in, playlist.models.drums_vae
    changed: dict[str, object] = {}
    if before.get(lead) != sources.models[lead]:
        changed["latent"] = ()
    if before.get(drums) != sources.models.get(drums):
        changed["drums_latent"] = None
    return last.carry.model_copy(update=changed)
