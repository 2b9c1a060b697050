"""What every encoding is: a place in an event sequence that knows what the network sees there.

Events are integers. Melodies: -2 no event, -1 note off, 0 to 127 note on. Drums: a bit for each drum class.
Polyphony: the classes themselves (see `latentfm.models.event_rnn.polyphony`).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

NO_EVENT = -2
NOTE_OFF = -1

Vector = NDArray[np.float32]


class Cursor(Protocol):
    """A place in an event sequence: it takes events one by one and knows what the network sees there."""

    def push(self, event: int) -> Vector:
        """Append an event; return the network's input at its position, float32 ``[input_size]``."""

    def label(self, event: int) -> int:
        """Return the class that stands for ``event`` if it comes next."""

    def event(self, label: int) -> int:
        """Return the event that a class stands for if it comes next."""

    def copy(self) -> Self:
        """Return an independent cursor at the same place."""


class Encoding(Protocol):
    """How events become a network's inputs and classes."""

    @property
    def input_size(self) -> int:
        """Numbers that the network sees at a step."""

    @property
    def most_active(self) -> int:
        """How many of them may differ from 0 at once."""

    @property
    def num_classes(self) -> int:
        """Classes that the network chooses from."""

    @property
    def default_event(self) -> int:
        """The event that a sequence is padded with."""

    def cursor(self, chords: Sequence[str] = ()) -> Cursor:
        """Return a cursor before the first event.

        Args:
            chords: for models that follow chords, a figure for each step.
        """


class History:
    """The events so far, and what all cursors that look back on them share."""

    def __init__(self, distances: tuple[int, ...], default_event: int) -> None:
        self.events: list[int] = []
        self._distances, self._default_event = distances, default_event

    def copy(self) -> Self:
        """Return an independent cursor at the same place."""
        other = copy.copy(self)
        other.events = self.events.copy()
        return other

    def looked_back(self, distance: int) -> int:
        """Return the event ``distance`` steps before the one that comes next."""
        return self.events[-distance] if len(self.events) >= distance else self._default_event

    def repeats(self, distance: int) -> bool:
        """Say whether the last event equals the one ``distance`` steps before it."""
        position = len(self.events) - 1 - distance
        return position >= 0 and self.events[-1] == self.events[position]

    def repeat_label(self, event: int) -> int | None:
        """Return the index of the farthest lookback that ``event`` repeats, None where it repeats none."""
        distances, length = self._distances, len(self.events)
        if distances and length < distances[-1] and event == self._default_event:
            return len(distances) - 1
        for index in reversed(range(len(distances))):
            if length >= distances[index] and self.events[-distances[index]] == event:
                return index
        return None


def binary_clocks(bits: int) -> Vector:
    """Return what a clock of ``bits`` bits shows at each position, 1 and -1, ``[2 ** bits, bits]``."""
    positions = np.arange(2**bits)[:, None]
    clocks: Vector = np.where((positions >> np.arange(bits)) & 1, 1.0, -1.0).astype(np.float32)
    return clocks
