"""The cue log: what the timeline mixed, so exactly that it can be mixed again.

The pacing thread notes and another one writes; a note is a value put into a bounded queue and no more. Frames are
counted from the first one that left the timeline in this run of the station. A cue says what holds from its frame on,
until the next cue.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Literal

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.brief import Key
from latentfm.broadcast.block import Block, Origin, Playing
from latentfm.broadcast.mixing import SWELL
from latentfm.ops.clock import Clock
from latentfm.take import TakeInfo

LIMIT = 5_000  # notes that wait to be written: more than a day of them
DRIFT = 0.25  # seconds by which frames and wall clock may part before they are tied together anew
ANCHOR_EVERY = 600 * SAMPLE_RATE  # frames after which they are in any case
_PAUSE = 0.05  # seconds without a block after which the next one begins a burst

Cause = Literal["start", "seam", "reader_late", "ran_dry", "fault", "starved"]


@dataclass(frozen=True, eq=False, slots=True)
class TakeSource:
    """A take as it goes on air once; another airing of it is another source."""

    info: TakeInfo
    origin: Origin


@dataclass(frozen=True, eq=False, slots=True)
class BedSource:
    """A tone bed; all its samples follow from key, seed and loudness."""

    playing: Playing
    key: Key
    seed: int
    lufs: float


Source = TakeSource | BedSource


@dataclass(frozen=True, slots=True)
class Voice:
    """One of at most two sources in the mix, and its own frame that is next; None where silence stands in for it."""

    source: Source
    offset: int | None

    def later(self, frames: int) -> Voice:
        """Return the voice some frames on."""
        return self if self.offset is None else Voice(self.source, self.offset + frames)


@dataclass(frozen=True, slots=True)
class Cue:
    """What was mixed from frame ``at`` on.

    Attributes:
        at: the frame of the run, counted where the mix enters the limiter; it leaves as the same frame.
        passage: which limiter it went through; a new one takes over, without a past, when the timeline recovers.
        sounding: the source on air, the leaving one in a crossfade.
        entering: the source that a crossfade leads to, else None.
        position: frames of the crossfade that are over.
        length: frames of the crossfade, 0 without one. Its gains are ``equal_power(length)``.
        risen: frames since the last cut, at most ``SWELL``; the swell's gain is ``risen / SWELL``.
        cause: why something began here.
    """

    at: int
    passage: int
    sounding: Voice
    entering: Voice | None = None
    position: int = 0
    length: int = 0
    risen: int = SWELL
    cause: Cause = "seam"

    def later(self, frames: int) -> Cue:
        """Return what holds some frames on, if nothing else happens."""
        return replace(
            self,
            at=self.at + frames,
            sounding=self.sounding.later(frames),
            entering=self.entering and self.entering.later(frames),
            position=self.position + frames if self.length else 0,
            risen=min(self.risen + frames, SWELL),
        )

    def follows_from(self, earlier: Cue) -> bool:
        """Return whether this one says nothing that ``earlier`` did not."""
        return earlier.later(self.at - earlier.at) == replace(self, cause=earlier.cause)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The wall clock, in seconds since 1970, when the block that begins with ``frame`` was handed to the feeds."""

    frame: int
    wall: float


@dataclass(frozen=True, slots=True)
class Hole:
    """From frame ``at`` to the next cue nothing is known: notes were lost because nobody fetched them."""

    at: int


Note = Cue | Anchor | Hole


class CueSheet:
    """What the timeline notes and the recorder fetches; also a sink of the runway, which ties frames to the clock.

    ``mixed``, ``left``, ``restarted`` and ``offer`` belong to the pacing thread, ``take`` and ``frames`` to any.

    Attributes:
        frames: how many have left the timeline; every cue about them can be fetched.
        lost: how many notes were lost because nobody fetched them.
    """

    def __init__(self, clock: Clock, *, limit: int = LIMIT) -> None:
        self.frames = 0
        self.lost = 0
        self._clock = clock
        self._limit = limit
        self._notes: deque[Note] = deque()
        self._pending: list[Cue] = []  # about a block that has not left yet
        self._last: Cue | None = None
        self._mixed = 0  # the next frame to enter the limiter
        self._passage = 0
        self._hole: int | None = None
        self._anchor: Anchor | None = None
        self._offered = float("-inf")

    def mixed(
        self,
        frames: int,
        sounding: Voice,
        entering: Voice | None = None,
        *,
        position: int = 0,
        length: int = 0,
        risen: int = SWELL,
        cause: Cause = "seam",
    ) -> None:
        """Note what the next ``frames`` frames of the block in the making were mixed of."""
        cue = Cue(self._mixed, self._passage, sounding, entering, position, length, min(risen, SWELL), cause)
        if self._last is None or not cue.follows_from(self._last):
            self._pending.append(cue)
            self._last = cue
        self._mixed += frames

    def left(self, frames: int) -> None:
        """Note that a block of ``frames`` frames is made; what was mixed for it stands."""
        for cue in self._pending:
            self._put(cue)
        self._pending.clear()
        self.frames += frames

    def restarted(self) -> None:
        """Forget the block in the making: the mix goes on with a limiter that has no past."""
        self._pending.clear()
        self._last = None
        self._mixed = self.frames
        self._passage += 1

    def offer(self, block: Block) -> None:
        """Tie frames and wall clock together as a block is handed on, at the first one after a pause."""
        if block.held:
            return  # the timeline stands still: the next block of it is tied to the clock anew
        now = self._clock.monotonic()
        pause, self._offered = now - self._offered, now
        if pause < _PAUSE:
            return  # the runway sends several at a time; the first of each burst has the same lead over its playing
        anchor = Anchor(self.frames - len(block.pcm), self._clock.time())
        last = self._anchor
        if last is not None and anchor.frame - last.frame < ANCHOR_EVERY:
            expected = last.wall + (anchor.frame - last.frame) / SAMPLE_RATE
            if abs(anchor.wall - expected) <= DRIFT:
                return
        if len(self._notes) < self._limit:
            self._notes.append(anchor)
            self._anchor = anchor

    def take(self) -> list[Note]:
        """Return the notes that nobody has fetched yet, and forget them."""
        return [self._notes.popleft() for _ in range(len(self._notes))]

    def _put(self, cue: Cue) -> None:
        if len(self._notes) >= self._limit:
            self.lost += 1
            if self._hole is None:
                self._hole = cue.at
            return
        if self._hole is not None:
            self._notes.append(Hole(self._hole))
            self._hole = None
        self._notes.append(cue)
