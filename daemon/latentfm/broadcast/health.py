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
        ready: whether an audible block left lately, or one whose silence was asked for.
        since_audible: seconds since the last audible one, None before the first.
        playing: what is heard, None before the first block.
        gain: the gain that was asked for; 0 is silence.
    """

    ready: bool
    since_audible: float | None
    playing: Playing | None
    gain: float = 1.0

    @property
    def silence(self) -> str | None:
        """Return why the station is not ready, None where it is."""
        if self.ready:
            return None
        if self.since_audible is None or self.playing is None:
            return "nothing audible has left the timeline yet"
        return f"nothing audible left for {self.since_audible:.1f} s; {patience(self.playing):.1f} s are allowed"


def is_sound(block: Block, loudest: float | None = None) -> bool:
    """Return whether a block is as audible as its gain lets it be; a silence that was asked for is.

    Args:
        block: what left.
        loudest: the largest magnitude in it, where that is known.
    """
    return block.gain == 0.0 or (magnitude(block.pcm) if loudest is None else loudest) > AUDIBLE * block.gain


def patience(playing: Playing) -> float:
    """Return the seconds of silence after which something is wrong."""
    return max(WITHIN, playing.max_silence)


class Monitor:
    """A sink that listens: it remembers when an audible block last left, and a sound one.

    Sound is one that is as audible as its gain lets it be; a silence that was asked for is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._audible_at: float | None = None
        self._sound_at: float | None = None
        self._last: Block | None = None

    def offer(self, block: Block) -> None:
        """Look at a block."""
        self._last = block
        loudest = magnitude(block.pcm)
        if loudest > AUDIBLE:
            self._audible_at = self._clock.monotonic()
        if is_sound(block, loudest):
            self._sound_at = self._clock.monotonic()

    @property
    def pulse(self) -> Pulse:
        """Return what is known now."""
        audible_at, sound_at, last = self._audible_at, self._sound_at, self._last
        now = self._clock.monotonic()
        since = None if audible_at is None else max(now - audible_at, 0.0)
        if last is None:
            return Pulse(False, since, None)
        ready = sound_at is not None and now - sound_at <= patience(last.playing)
        return Pulse(ready, since, last.playing, last.gain)
