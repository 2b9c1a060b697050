"""Health is judged by the audio that left the timeline, never by a thread being alive."""

from __future__ import annotations

from dataclasses import dataclass

from latentfm.audio.oversample import magnitude
from latentfm.broadcast.block import Block, Playing
from latentfm.ops.clock import Clock

AUDIBLE = 10.0 ** (-60 / 20)  # a block is audible if any sample is above -60 dBFS
WITHIN = 2.0  # seconds since an audible block left; more where the mood allows longer silences


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is known of the audio that leaves.

    Attributes:
        ready: whether an audible block left lately, or silence that was asked for.
        since_audible: seconds since the last one, None before the first.
        playing: what is heard, None before the first block.
    """

    ready: bool
    since_audible: float | None
    playing: Playing | None


def is_audible(block: Block) -> bool:
    """Return whether a block can be heard, or is as it should be: silence that was asked for."""
    return block.playing.asked_silence or magnitude(block.pcm) > AUDIBLE


def patience(playing: Playing) -> float:
    """Return the seconds of silence after which something is wrong."""
    return max(WITHIN, playing.max_silence)


class Monitor:
    """A sink that listens: it remembers when an audible block last left."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._audible_at: float | None = None
        self._playing: Playing | None = None

    def offer(self, block: Block) -> None:
        """Look at a block."""
        self._playing = block.playing
        if is_audible(block):
            self._audible_at = self._clock.monotonic()

    @property
    def pulse(self) -> Pulse:
        """Return what is known now."""
        audible_at, playing = self._audible_at, self._playing
        if audible_at is None or playing is None:
            return Pulse(False, None, playing)
        since = max(self._clock.monotonic() - audible_at, 0.0)
        return Pulse(since <= patience(playing), since, playing)
