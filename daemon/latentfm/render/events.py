"""What a synth is given, in frames, and when each of it happens in FluidSynth's blocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple

BLOCK = 64  # frames: FluidSynth's own

_NEVER = 1 << 62


class Note(NamedTuple):
    """A note in frames, on the channel that ``Synth.add_channel`` returned."""

    channel: int
    pitch: int
    velocity: int
    start: int
    stop: int


class Control(NamedTuple):
    """A controller of a channel set to a value from 0 to 127, at a frame."""

    channel: int
    number: int
    value: int
    frame: int


class Events(NamedTuple):
    """What happens at the start of a block: controllers that move, keys let go, keys struck with their velocity."""

    moved: list[tuple[int, int, int]]
    off: list[tuple[int, int]]
    on: list[tuple[int, int, int]]


def schedule(notes: Iterable[Note], controls: Iterable[Control] = ()) -> Iterator[tuple[int, Events]]:
    """Yield, block by block in rising order, what happens there.

    A key of a channel plays one note at a time: a note ends where the next one of its key begins, and of two that
    begin in one block the stronger stays. So no end of an old note ever cuts a new one short.
    """
    strongest: dict[tuple[int, int], dict[int, tuple[int, int]]] = {}
    for note in notes:
        start = round(max(note.start, 0) / BLOCK)
        stop = max(start + 1, round(note.stop / BLOCK))
        key = strongest.setdefault((note.channel, note.pitch), {})
        key[start] = max(key.get(start, (0, 0)), (note.velocity, stop))
    events: defaultdict[int, Events] = defaultdict(lambda: Events([], [], []))
    for (channel, pitch), starts in sorted(strongest.items()):
        played = sorted(starts.items(), key=itemgetter(0))
        for (start, (velocity, stop)), (following, _) in pairwise([*played, (_NEVER, (0, 0))]):
            events[start].on.append((channel, pitch, velocity))
            events[min(stop, following)].off.append((channel, pitch))
    for control in controls:
        events[round(max(control.frame, 0) / BLOCK)].moved.append((control.channel, control.number, control.value))
    for block in sorted(events):
        yield block, events[block]
