"""Melody events with lookbacks, a binary clock, contour and the keys that the melody may be in.

Source: note_seq/melody_encoder_decoder.py (KeyMelodyEncoderDecoder).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from latentfm.models.event_rnn.encodings.cursor import NO_EVENT, NOTE_OFF, Cursor, History, Vector, binary_clocks
from latentfm.models.event_rnn.encodings.lookback import LOOKBACK_DISTANCES

_STEPS_PER_BAR = 16
_MAJOR = (0, 2, 4, 5, 7, 9, 11)
# _KEYS_OF[pitch class] is 1.0 at each major key that holds the pitch class
_KEYS_OF = np.array([[float((pitch - key) % 12 in _MAJOR) for key in range(12)] for pitch in range(12)])


class KeyMelodyEncoding:
    """Melody events with lookbacks, a binary clock, contour and the keys that the melody may be in."""

    default_event = NO_EVENT
    distances = LOOKBACK_DISTANCES
    clocks = binary_clocks(7)

    def __init__(self, min_note: int, max_note: int) -> None:
        self.min_note = min_note
        self.note_range = max_note - min_note
        # pitch, sounding or not, attack, contour; repeats; clock; end of a bar; keys of all and of the last notes
        self.input_size = self.note_range + 4 + len(self.distances) + self.clocks.shape[1] + 1 + 24
        self.most_active = self.input_size - self.note_range
        self.num_classes = self.note_range + 2 + len(self.distances)

    def cursor(self, chords: Sequence[str] = ()) -> Cursor:
        """Return a cursor before the first event; these models follow no chords."""
        del chords
        return _KeyMelodyCursor(self)


class _KeyMelodyCursor(History):
    def __init__(self, encoding: KeyMelodyEncoding) -> None:
        super().__init__(encoding.distances, encoding.default_event)
        self._encoding = encoding
        self._sounding: int | None = None
        self._attack = False
        self._contour = 0.0
        self._recent: tuple[int, ...] = ()  # the last three different pitches, the latest last
        self._keys = np.zeros(12)  # how many notes each key holds, of all and of the recent ones
        self._likely = np.ones(24)  # the keys that hold most of them

    def _advance(self, event: int) -> None:
        self.events.append(event)
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
            recent = _keys_of_most(tuple(pitch % 12 for pitch in self._recent))
            self._likely = np.concatenate((self._keys == self._keys.max(), recent))

    def push(self, event: int) -> Vector:
        encoding = self._encoding
        self._advance(event)
        vector = np.zeros(encoding.input_size, dtype=np.float32)
        offset = encoding.note_range
        if self._sounding is None:
            vector[offset + 1] = 1.0
        else:
            vector[self._sounding - encoding.min_note] = vector[offset] = 1.0
        vector[offset + 2] = self._attack
        vector[offset + 3] = self._contour
        offset += 4
        for distance in encoding.distances:
            vector[offset] = self.repeats(distance)
            offset += 1
        clock = encoding.clocks[len(self.events) % len(encoding.clocks)]
        vector[offset : offset + len(clock)] = clock
        offset += len(clock)
        vector[offset] = len(self.events) % _STEPS_PER_BAR == 0
        vector[offset + 1 :] = self._likely
        return vector

    def label(self, event: int) -> int:
        encoding = self._encoding
        repeat = self.repeat_label(event)
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
        return self.looked_back(encoding.distances[special - 2])


@cache
def _keys_of_most(pitch_classes: tuple[int, ...]) -> NDArray[np.bool_]:
    """Say which keys hold the most of some pitch classes."""
    held = _KEYS_OF[list(pitch_classes)].sum(axis=0)
    most: NDArray[np.bool_] = held == held.max()
    return most
