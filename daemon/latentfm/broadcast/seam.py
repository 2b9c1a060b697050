"""Where one take is joined to the next: pure functions on frame numbers and arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from latentfm.audio.pcm import seconds_to_frames
from latentfm.take import TakeInfo

SHORTEST = seconds_to_frames(1.0)
"""No window is shorter than this where there is room: a cut is heard, a quick fade less so."""


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of the outgoing take, in its own frames, in which both takes sound."""

    start: int
    length: int


def plan(*, end: int, outs: Sequence[int], now: int, head: int, limit: int) -> Window:
    """Return the window in which a take hands over to the next one.

    It begins on one of the take's ``outs`` and lasts to its end, and is the longest that neither ``limit`` nor the
    next take's ``head`` forbids. Where every out leaves too much, it begins on the last one and leaves the rest
    unheard. Where no out is left, it takes what is left before the end.

    Args:
        end: the frame after the take's last one, wherever it turned out to be.
        outs: bar lines after which drums and bass have left, rising.
        now: the next frame of the take to be played; the window begins there or later.
        head: frames of the next take in which only pads and tails sound.
        limit: the longest window allowed, in frames.
    """
    room = max(min(head, limit), SHORTEST)
    usable = [out for out in outs if now <= out <= end - SHORTEST]
    fitting = [out for out in usable if end - out <= room]
    if fitting:
        return Window(fitting[0], end - fitting[0])
    if usable:
        return Window(usable[-1], room)
    start = max(now, end - room)
    return Window(start, max(end - start, 0))


def stretch(info: TakeInfo, crossfade: int) -> int:
    """Return the frames from a take's entering to the next one's, where windows are as long as ``crossfade`` allows."""
    return plan(end=info.frames, outs=info.seam.outs, now=0, head=crossfade, limit=crossfade).start
