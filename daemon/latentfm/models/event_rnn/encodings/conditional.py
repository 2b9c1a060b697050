"""A melody's events with the chord that the next one will sound with.

Source: note_seq/encoder_decoder.py (ConditionalEventSequenceEncoderDecoder).
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Self

import numpy as np

from latentfm.errors import ModelError
from latentfm.models.event_rnn.encodings.chords import ChordEncoding
from latentfm.models.event_rnn.encodings.cursor import Cursor, Encoding, Vector


class ConditionalEncoding:
    """Events seen together with the chord of the step after them: that chord is known when the step is drawn."""

    def __init__(self, control: ChordEncoding, target: Encoding) -> None:
        self.control, self.target = control, target
        self.input_size = control.input_size + target.input_size
        self.most_active = control.most_active + target.most_active
        self.num_classes = target.num_classes
        self.default_event = target.default_event

    def cursor(self, chords: Sequence[str] = ()) -> Cursor:
        """Return a cursor before the first event of a melody to these chords.

        Args:
            chords: a figure for each step, the first step's first; behind the last of them it goes on sounding.

        Raises:
            ModelError: there are none, a figure is no chord, or it is one that the encoding has no place for.
        """
        if not chords:
            raise ModelError("this model follows chords: give it one for each step")
        controls = {figure: self.control.vector(figure) for figure in set(chords)}
        return _ConditionalCursor([controls[figure] for figure in chords], self.target.cursor())


class _ConditionalCursor:
    def __init__(self, controls: list[Vector], target: Cursor) -> None:
        self._controls, self._target, self._position = controls, target, 0

    def push(self, event: int) -> Vector:
        self._position += 1
        control = self._controls[min(self._position, len(self._controls) - 1)]
        return np.concatenate((control, self._target.push(event)))

    def label(self, event: int) -> int:
        return self._target.label(event)

    def event(self, label: int) -> int:
        return self._target.event(label)

    def copy(self) -> Self:
        other = copy.copy(self)
        other._target = self._target.copy()  # noqa: SLF001 - the same class
        return other
