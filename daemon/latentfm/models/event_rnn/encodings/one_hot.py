"""Single events as classes.

Sources: note_seq/melody_encoder_decoder.py (MelodyOneHotEncoding), note_seq/drums_encoder_decoder.py
(MultiDrumOneHotEncoding), magenta/models/polyphony_rnn/polyphony_encoder_decoder.py.
"""

from __future__ import annotations

from typing import Protocol

from latentfm.models.event_rnn.encodings.cursor import NO_EVENT
from latentfm.models.event_rnn.polyphony import EVENT_CLASSES, STEP_END
from latentfm.models.events import DRUM_CLASSES


class OneHot(Protocol):
    """Events one to one with classes."""

    @property
    def num_classes(self) -> int:
        """How many classes there are."""

    @property
    def default_event(self) -> int:
        """The event that a sequence is padded with."""

    def encode(self, event: int) -> int:
        """Return the class of an event."""

    def decode(self, label: int) -> int:
        """Return the event of a class."""


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


class _AsItIs:
    """Events that are their own classes."""

    default_event = 0

    def encode(self, event: int) -> int:
        """Return the class of an event."""
        return event

    def decode(self, label: int) -> int:
        """Return the event of a class."""
        return label


class DrumsOneHot(_AsItIs):
    """Drum events as classes: the bits of the nine drum classes are the class."""

    num_classes = DRUM_CLASSES


class OneDrumOneHot(_AsItIs):
    """A rhythm as classes: 1 where any drum is hit."""

    num_classes = 2


class PolyphonyOneHot(_AsItIs):
    """Polyphonic events as classes, which they are."""

    default_event = STEP_END
    num_classes = EVENT_CLASSES
