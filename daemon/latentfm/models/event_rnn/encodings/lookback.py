"""One-hot events with lookbacks and a binary clock.

Source: note_seq/encoder_decoder.py (OneHotEventSequenceEncoderDecoder, LookbackEventSequenceEncoderDecoder).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentfm.models.event_rnn.encodings.cursor import Cursor, History, Vector, binary_clocks
from latentfm.models.event_rnn.encodings.one_hot import OneHot

LOOKBACK_DISTANCES = (16, 32)


class LookbackEncoding:
    """One-hot events with lookbacks and a binary clock; with neither it is the plain one-hot encoding."""

    def __init__(self, one_hot: OneHot, distances: tuple[int, ...] = LOOKBACK_DISTANCES, counter_bits: int = 5) -> None:
        self.one_hot = one_hot
        self.distances = distances
        self.default_event = one_hot.default_event
        self.input_size = one_hot.num_classes * (1 + len(distances)) + counter_bits + len(distances)
        self.most_active = 1 + 2 * len(distances) + counter_bits
        self.num_classes = one_hot.num_classes + len(distances)
        self.clocks = binary_clocks(counter_bits)

    def cursor(self, chords: Sequence[str] = ()) -> Cursor:
        """Return a cursor before the first event; these models follow no chords."""
        del chords
        return _LookbackCursor(self)


class _LookbackCursor(History):
    def __init__(self, encoding: LookbackEncoding) -> None:
        super().__init__(encoding.distances, encoding.default_event)
        self._encoding = encoding

    def push(self, event: int) -> Vector:
        encoding, one_hot = self._encoding, self._encoding.one_hot
        self.events.append(event)
        vector = np.zeros(encoding.input_size, dtype=np.float32)
        vector[one_hot.encode(event)] = 1.0
        offset = one_hot.num_classes
        for distance in encoding.distances:
            vector[offset + one_hot.encode(self.looked_back(distance))] = 1.0
            offset += one_hot.num_classes
        clock = encoding.clocks[len(self.events) % len(encoding.clocks)]
        vector[offset : offset + len(clock)] = clock
        offset += len(clock)
        for distance in encoding.distances:
            vector[offset] = self.repeats(distance)
            offset += 1
        return vector

    def label(self, event: int) -> int:
        encoding = self._encoding
        repeat = self.repeat_label(event)
        return encoding.one_hot.encode(event) if repeat is None else encoding.one_hot.num_classes + repeat

    def event(self, label: int) -> int:
        encoding = self._encoding
        repeat = label - encoding.one_hot.num_classes
        return encoding.one_hot.decode(label) if repeat < 0 else self.looked_back(encoding.distances[repeat])
