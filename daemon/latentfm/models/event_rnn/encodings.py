"""note-seq's encodings of event sequences, computed one event at a time.

note-seq's encoder-decoders look at the whole history for each step: 0.3 ms a step for the key-aware one. A
`Cursor` here carries what the next step needs instead; `tests/models/test_encodings.py` holds each
against note-seq's own, event for event.

Sources: note_seq/encoder_decoder.py (OneHot..., Lookback...), note_seq/melody_encoder_decoder.py
(MelodyOneHotEncoding, KeyMelodyEncoderDecoder), note_seq/drums_encoder_decoder.py (MultiDrumOneHotEncoding).

Events are integers. Melodies: -2 no event, -1 note off, 0 to 127 note on. Drums: a bit for each drum class.
"""

from __future__ import annotations

import copy
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

NO_EVENT = -2
NOTE_OFF = -1
STEPS_PER_BAR = 16
LOOKBACK_DISTANCES = (STEPS_PER_BAR, 2 * STEPS_PER_BAR)

Vector = NDArray[np.float32]

_MAJOR = (0, 2, 4, 5, 7, 9, 11)
# _KEYS_OF[pitch class] is 1.0 at each major key that holds the pitch class
_KEYS_OF = np.array([[float((pitch - key) % 12 in _MAJOR) for key in range(12)] for pitch in range(12)])


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

    input_size: int
    num_classes: int
    default_event: int

    def cursor(self) -> Cursor:
        """Return a cursor before the first event."""


class _History:
    """The events so far, and the copying that all cursors share."""

    def __init__(self) -> None:
        self._events: list[int] = []

    def copy(self) -> Self:
        other = copy.copy(self)
        other._events = self._events.copy()  # noqa: SLF001 - the same class
        return other

    def _repeats(self, distance: int) -> bool:
        """Say whether the last event equals the one ``distance`` steps before it."""
        position = len(self._events) - 1 - distance
        return position >= 0 and self._events[-1] == self._events[position]


class MelodyOneHot:
    """Melody events as classes: 0 no event, 1 note off, then the pitches of ``[min_note, max_note)``."""

    default_event = NO_EVENT

    def __init__(self, min_note: int, max_note: int) -> None:
        self.min_note = min_note
        self.num_classes = max_note - min_note + 2

    def encode(self, event: int) -> int:
        """Return the class of an event."""
        return event + 2 if event < 0 else event - self.min_note + 2

    def decode(self, label: int) -> int:
        """Return the event of a class."""
        return label - 2 if label < 2 else label - 2 + self.min_note  # noqa: PLR2004 - two special classes


class DrumsOneHot:
    """Drum events as classes: the bits of the nine drum classes are the class."""

    default_event = 0
    num_classes = 512

    def encode(self, event: int) -> int:
        """Return the class of an event."""
        return event

    def decode(self, label: int) -> int:
        """Return the event of a class."""
        return label


OneHot = MelodyOneHot | DrumsOneHot


class LookbackEncoding:
    """One-hot events with lookbacks and a binary clock; with neither it is the plain one-hot encoding."""

    def __init__(self, one_hot: OneHot, distances: tuple[int, ...] = LOOKBACK_DISTANCES, counter_bits: int = 5) -> None:
        self.one_hot = one_hot
        self.distances = distances
        self.counter_bits = counter_bits
        self.default_event = one_hot.default_event
        self.input_size = one_hot.num_classes * (1 + len(distances)) + counter_bits + len(distances)
        self.num_classes = one_hot.num_classes + len(distances)

    def cursor(self) -> Cursor:
        """Return a cursor before the first event."""
        return _LookbackCursor(self)


class _LookbackCursor(_History):
    def __init__(self, encoding: LookbackEncoding) -> None:
        super().__init__()
        self._encoding = encoding

    def push(self, event: int) -> Vector:
        encoding, one_hot = self._encoding, self._encoding.one_hot
        self._events.append(event)
        vector = np.zeros(encoding.input_size, dtype=np.float32)
        vector[one_hot.encode(event)] = 1.0
        offset = one_hot.num_classes
        for distance in encoding.distances:
            position = len(self._events) - distance
            following = self._events[position] if position >= 0 else one_hot.default_event
            vector[offset + one_hot.encode(following)] = 1.0
            offset += one_hot.num_classes
        offset = _count(vector, offset, len(self._events), encoding.counter_bits)
        for distance in encoding.distances:
            vector[offset] = float(self._repeats(distance))
            offset += 1
        return vector

    def label(self, event: int) -> int:
        encoding = self._encoding
        repeat = _repeat_label(self._events, event, encoding.distances, encoding.default_event)
        return encoding.one_hot.encode(event) if repeat is None else encoding.one_hot.num_classes + repeat

    def event(self, label: int) -> int:
        encoding = self._encoding
        repeat = label - encoding.one_hot.num_classes
        if repeat < 0:
            return encoding.one_hot.decode(label)
        return _looked_back(self._events, encoding.distances[repeat], encoding.default_event)


class KeyMelodyEncoding:
    """Melody events with lookbacks, a binary clock, contour and the keys that the melody may be in."""

    default_event = NO_EVENT
    distances = LOOKBACK_DISTANCES
    counter_bits = 7

    def __init__(self, min_note: int, max_note: int) -> None:
        self.min_note = min_note
        self.note_range = max_note - min_note
        self.input_size = self.note_range + 4 + len(self.distances) + self.counter_bits + 1 + 24
        self.num_classes = self.note_range + 2 + len(self.distances)

    def cursor(self) -> Cursor:
        """Return a cursor before the first event."""
        return _KeyMelodyCursor(self)


class _KeyMelodyCursor(_History):
    def __init__(self, encoding: KeyMelodyEncoding) -> None:
        super().__init__()
        self._encoding = encoding
        self._sounding: int | None = None
        self._attack = False
        self._contour = 0.0
        self._recent: tuple[int, ...] = ()  # the last three different pitches, the latest last
        self._keys = np.zeros(12)

    def _advance(self, event: int) -> None:
        self._events.append(event)
        if event == NO_EVENT:
            self._attack = False
        elif event == NOTE_OFF:
            self._sounding = None
        else:
            self._attack, self._sounding = True, event
            if self._recent and event != self._recent[-1]:
                self._contour = 1.0 if event > self._recent[-1] else -1.0
            self._recent = (*(pitch for pitch in self._recent if pitch != event), event)[-3:]
            self._keys = self._keys + _KEYS_OF[event % 12]

    def push(self, event: int) -> Vector:
        encoding = self._encoding
        self._advance(event)
        vector = np.zeros(encoding.input_size, dtype=np.float32)
        offset = encoding.note_range
        if self._sounding is None:
            vector[offset + 1] = 1.0
        else:
            vector[self._sounding - encoding.min_note] = vector[offset] = 1.0
        vector[offset + 2] = float(self._attack)
        vector[offset + 3] = self._contour
        offset += 4
        for distance in encoding.distances:
            vector[offset] = float(self._repeats(distance))
            offset += 1
        offset = _count(vector, offset, len(self._events), encoding.counter_bits)
        vector[offset] = float(len(self._events) % STEPS_PER_BAR == 0)
        offset += 1
        recent = sum((_KEYS_OF[pitch % 12] for pitch in self._recent), np.zeros(12))
        vector[offset : offset + 12] = self._keys == self._keys.max()
        vector[offset + 12 : offset + 24] = recent == recent.max()
        return vector

    def label(self, event: int) -> int:
        encoding = self._encoding
        repeat = _repeat_label(self._events, event, encoding.distances, NO_EVENT)
        if repeat is not None:
            return encoding.note_range + 2 + repeat
        if event < 0:
            return encoding.note_range + (event == NOTE_OFF)
        return event - encoding.min_note

    def event(self, label: int) -> int:
        encoding = self._encoding
        special = label - encoding.note_range
        if special < 0:
            return encoding.min_note + label
        if special < 2:  # noqa: PLR2004 - no event, then note off
            return (NO_EVENT, NOTE_OFF)[special]
        return _looked_back(self._events, encoding.distances[special - 2], NO_EVENT)


def _count(vector: Vector, offset: int, position: int, bits: int) -> int:
    """Write the binary clock of the next step; return the offset behind it."""
    for bit in range(bits):
        vector[offset + bit] = 1.0 if (position >> bit) & 1 else -1.0
    return offset + bits


def _repeat_label(events: list[int], event: int, distances: tuple[int, ...], default_event: int) -> int | None:
    """Return the index of the farthest lookback that ``event`` repeats, None where it repeats none."""
    if distances and len(events) < distances[-1] and event == default_event:
        return len(distances) - 1
    for index in reversed(range(len(distances))):
        position = len(events) - distances[index]
        if position >= 0 and events[position] == event:
            return index
    return None


def _looked_back(events: list[int], distance: int, default_event: int) -> int:
    return events[-distance] if len(events) >= distance else default_event
