"""The director looks ahead for the timeline: it commits what comes next and keeps a deck standing by.

It may wait for the disk or the log. Should it hang, the timeline goes on with what stands by, and then with the bed.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

import structlog

from latentfm.audio.pcm import SAMPLE_RATE, seconds_to_frames
from latentfm.broadcast.deck import Deck
from latentfm.broadcast.fallback import STEADY, Fallback
from latentfm.broadcast.leaving import next_bar
from latentfm.broadcast.library import Library
from latentfm.broadcast.notices import Notices
from latentfm.broadcast.player import Player
from latentfm.broadcast.seam import plan
from latentfm.broadcast.source import Candidate
from latentfm.broadcast.timeline import Timeline
from latentfm.broadcast.tone_bed import Beds
from latentfm.ops.clock import Clock

LEAD = 15.0  # seconds before the window by which what comes next is being opened
PATIENCE = 4.0  # seconds that a deck which is not ready yet may stand still
BED_SECONDS = 30.0  # a bed lasts at least this long before something is repeated; what is fresh need not wait
_STANDBY_SPARE = seconds_to_frames(4.0)
_SKIP = 20.0  # seconds that a skip may wait for a take
_SKIP_SPARE = seconds_to_frames(0.3)  # from the look at a take to the bar line at which it is left
_ROUND = 0.2  # seconds between two looks
_RETRY = 1.0  # seconds until a search that found nothing is repeated

log = structlog.get_logger()


class NextSeam(NamedTuple):
    """The middle of a crossfade, in seconds since 1970; what ``waits`` goes on until a take comes."""

    at: float
    waits: bool


class Director:
    """Commits takes to a timeline, remembers what aired, and writes down what the pacing thread noted.

    ``step`` does one look and may be called without a thread; ``run`` calls it until it is told to stop.

    Attributes:
        fallback: whether something stands in for fresh takes.
    """

    def __init__(
        self,
        timeline: Timeline,
        library: Library,
        beds: Beds,
        notices: Notices,
        clock: Clock,
        *,
        start_deck: Callable[[Deck], None] = Deck.start,
        steady: int = STEADY,
    ) -> None:
        """Look ahead for a timeline.

        Args:
            timeline: what is on air.
            library: what may come next.
            beds: makes tone beds.
            notices: what the pacing thread noted.
            clock: the station's.
            start_deck: starts to decode what comes next.
            steady: fresh takes that must lie ready for a fall back to be left.
        """
        self.fallback = Fallback(clock, steady=steady)
        self._timeline = timeline
        self._library = library
        self._beds = beds
        self._notices = notices
        self._clock = clock
        self._start_deck = start_deck
        self._loading: Deck | None = None
        self._loading_since = self._loading_until = 0.0
        self._loaded = 0  # frames that it had decoded when that was set
        self._search: Iterator[Candidate] | None = None
        self._search_after = 0.0
        self._fresh_ready = False  # whether fresh takes lay ready at the search, be it that none fits
        self._marked: str | None = None
        self._reported: set[str] = set()
        self._bed_since: float | None = None
        self._skip_asked, self._skip_until = False, float("-inf")
        self._suited: str | None = None  # what was chosen for a skip: there may be nothing of the mood that is on

    def skip(self) -> None:
        """Go over to the next take at the next bar line, as soon as one is ready that suits the mood that is on."""
        self._skip_asked, self._skip_until = True, self._clock.monotonic() + _SKIP

    @property
    def skipping(self) -> bool:
        """Return whether a skip was asked for and is not under way yet."""
        return self._clock.monotonic() < self._skip_until

    def next_seam(self) -> NextSeam:
        """Return when the first take that is not chosen yet is to enter."""
        timeline, now = self._timeline, self._clock.time()
        while True:
            player, entering = timeline.on_air, timeline.entering
            leaving = math.isinf(timeline.seconds_to_window())  # in a crossfade, or a bed that may go at any time
            if (player, entering) == (timeline.on_air, timeline.entering):  # else a crossfade ended just now
                break
        following = entering or self._loading
        last = following or player
        if last is None or last.endless:
            return NextSeam(now, waits=True)
        seconds = 0.0 if player is None or leaving else _seconds_left(player)
        if following is not None:
            seconds += _seconds_left(following)
        return NextSeam(now + seconds + last.limit / SAMPLE_RATE / 2, waits=False)

    @property
    def committed(self) -> frozenset[str]:
        """Return the ids of the takes that are on air or about to be: the bank must keep them."""
        players = (self._timeline.on_air, self._timeline.entering, self._loading)
        return frozenset(player.playing.take_id for player in players if player is not None)

    def run(self, stop: threading.Event) -> None:
        """Look ahead until ``stop`` is set."""
        while not stop.is_set():
            self.step()
            self._clock.sleep(_ROUND)

    def prime(self, timeout: float = 2.0) -> bool:
        """Look ahead until something is committed or ``timeout`` seconds are over; return whether something is."""
        until = self._clock.monotonic() + timeout
        while self._timeline.entering is None and self._clock.monotonic() < until:
            self.step()
            if self._loading is None and self._search is None:
                break
            self._clock.sleep(0.01)
        return self._timeline.entering is not None

    def close(self) -> None:
        """Let go of what is being opened."""
        if self._loading is not None:
            self._loading.close()
            self._loading = None

    def step(self) -> None:
        """Take one look ahead."""
        self._notices.drain()
        self._remember()
        self._stand_by()
        if self.skipping:
            self._skip()
        if self._loading is not None:
            self._wait_for(self._loading)
        elif self._due():
            self._load_next()

    def _remember(self) -> None:
        """Mark what is audible as aired, and report decks that ended early."""
        player, entering = self._timeline.on_air, self._timeline.entering
        decks = [deck for deck in (player, entering) if isinstance(deck, Deck)]
        for deck in decks:
            if deck.failure and deck.playing.take_id not in self._reported:
                self._reported.add(deck.playing.take_id)
                self._condemn(deck.playing.take_id, deck.failure)
        playing = self._timeline.playing
        if player is not None:
            self.fallback.follow(playing)
        if player is None or playing.take_id == self._marked:
            return
        self._marked = playing.take_id
        if playing.origin == "bed":
            self._bed_since = self._clock.monotonic()
            return
        self._bed_since = None
        self._library.bank.aired.mark(playing.take_id)
        for key in (deck.candidate.info.key for deck in decks if deck.playing == playing):
            if key != self._beds.key:
                self._beds.key = key
                self._timeline.provide_bed(self._beds())

    def _stand_by(self) -> None:
        """Keep a shipped take decoded in memory, if one ships that is not on air."""
        standing = self._timeline.standing_by
        wanted = self._library.standby(self._clock.time(), without=self._timeline.playing.take_id)
        if (standing and standing.playing.take_id) == (wanted and wanted.info.id):
            return
        deck = None
        if wanted is not None:
            deck = Deck(wanted, ahead=wanted.crossfade + _STANDBY_SPARE)
            self._start_deck(deck)
        replaced = self._timeline.stand_by(deck)
        if replaced is not None:
            replaced.close()

    def _skip(self) -> None:
        """Leave what is on air for what is committed, unless that suits another mood than the one that is on."""
        if self._skip_asked:  # what is being opened was chosen for another time, perhaps another mood
            self._skip_asked = False
            self.close()
            self._search, self._search_after = None, 0.0
        timeline, mood = self._timeline, self._library.mood(self._clock.time())
        player, entering = timeline.on_air, timeline.entering
        if entering is None or player is None:
            return  # something is chosen first
        if not timeline.undecided and entering.playing.playlist != mood and entering.playing.take_id != self._suited:
            withdrawn = timeline.withdraw()
            if withdrawn is not None:
                withdrawn.close()
                return
        soon = player.position + _SKIP_SPARE
        timeline.leave(player, next_bar(player.candidate.info, soon) if isinstance(player, Deck) else soon)
        self._skip_until = float("-inf")

    def _due(self) -> bool:
        """Return whether it is time to choose what comes next."""
        timeline = self._timeline
        if not timeline.undecided or self._clock.monotonic() < self._search_after:
            return False
        return self.skipping or timeline.playing.origin == "bed" or timeline.seconds_to_window() <= LEAD

    def _load_next(self) -> None:
        """Open the next candidate of the search."""
        if self._search is None:
            self._search = self._candidates()
        candidate = next(self._search, None)
        if candidate is None:
            self._search = None
            self._search_after = self._clock.monotonic() + _RETRY
            return
        self._loading, self._loaded = Deck(candidate), 0
        self._loading_since = self._clock.monotonic()
        self._loading_until = self._loading_since + PATIENCE
        self._start_deck(self._loading)

    def _candidates(self) -> Iterator[Candidate]:
        at = self._clock.time() if self.skipping else self.next_seam().at
        bed_since, player = self._bed_since, self._timeline.on_air
        self._fresh_ready = self._library.fresh_ready(at)
        candidates = self._library.candidates(at, without=player.playing.take_id if player is not None else None)
        if not self.skipping and bed_since is not None and self._clock.monotonic() - bed_since < BED_SECONDS:
            return (candidate for candidate in candidates if candidate.origin == "fresh")
        if self.fallback.holds(*self._library.waiting(at)):
            self._fresh_ready = False  # for as long as that lasts the station falls back
            return iter(sorted(candidates, key=lambda candidate: candidate.origin == "fresh"))
        return candidates

    def _wait_for(self, deck: Deck) -> None:
        """Commit a deck that is ready; give up on one that failed or stands still.

        A slow machine is busy for seconds with all that is to be decoded ahead: after some it goes on with that on air.
        """
        if deck.ready and (deck.full or self._clock.monotonic() > self._loading_since + PATIENCE):
            self.fallback.committed(deck.playing, fresh_ready=self._fresh_ready)
            self._timeline.commit(deck)
            self._suited = deck.playing.take_id if self.skipping else None
            log.info("take_committed", take=deck.playing.take_id, origin=deck.playing.origin)
            self._loading = self._search = None
            return
        if deck.available > self._loaded:
            self._loaded, self._loading_until = deck.available, self._clock.monotonic() + PATIENCE
        late = self._clock.monotonic() > self._loading_until
        if deck.useless or late:
            deck.close()
            self._loading = None
            self._fresh_ready = self._fresh_ready and deck.playing.origin != "fresh"
            if deck.useless:
                self._condemn(deck.playing.take_id, deck.failure or "it is empty")
            else:
                log.warning("take_late", take=deck.playing.take_id, seconds=PATIENCE)

    def _condemn(self, take_id: str, reason: str) -> None:
        self._library.bank.condemn(take_id, reason)


def _seconds_left(player: Player) -> float:
    """Return how long until a take's window opens, if it goes on being decoded in time."""
    limit, position = player.limit, player.position
    window = plan(end=player.end, outs=player.outs, now=position, head=limit, limit=limit)
    return (window.start - position) / SAMPLE_RATE
