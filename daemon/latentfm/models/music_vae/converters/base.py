"""What the converters share: splitting, quantising, cutting into windows, and choosing among many.

Source: magenta/models/music_vae/data.py (BaseNoteSequenceConverter, LegacyEventListOneHotConverter,
split_process_and_combine, maybe_sample_items).
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np

from latentfm.models.events import Labels
from latentfm.models.extraction import Bounds
from latentfm.noteseq import NoteSequence, part

STEPS_PER_QUARTER = 4
VELOCITY = 80
QPM = 120.0
Item = TypeVar("Item")


class Converter(Protocol):
    """NoteSequences to a model's windows and back.

    `inputs.encoder_inputs` and `inputs.decoder_outputs` turn windows into Magenta's tensors.
    """

    def windows(
        self, sequence: NoteSequence, limit: int | None = None, rng: np.random.Generator | None = None
    ) -> list[Labels]:
        """Return the windows of labels that a NoteSequence gives; it stays as it is.

        Args:
            sequence: of any sort; what does not suit (another metre, no such instrument, too short) gives no window.
            limit: how many at most (Magenta: 5 of a NoteSequence and of each of its parts).
            rng: what chooses among more, as in training; the first ones are taken without.
        """
        ...

    def first(self, sequence: NoteSequence) -> Labels | None:
        """Return the window that begins first, of the first instrument that has one; None where none has."""
        ...

    def sequence(self, labels: Labels) -> NoteSequence:
        """Return the NoteSequence of one window, at 120 quarters a minute."""
        ...


@dataclass(frozen=True, kw_only=True)
class EventConverter(ABC):
    """One stream of events to windows and back, under Magenta's names.

    ``slice_bars`` is the length of a window (whole streams without), ``gap_bars`` of silence end a stream, ``max_bars``
    cut it; ``pad_to_total_time`` makes a stream as long as its NoteSequence.
    """

    slice_bars: int | None = 2
    steps_per_bar: int = 16
    max_bars: int | None = 100
    gap_bars: float | None = 1.0
    pad_to_total_time: bool = False
    presplit: bool = True

    def windows(
        self, sequence: NoteSequence, limit: int | None = None, rng: np.random.Generator | None = None
    ) -> list[Labels]:
        """Return the distinct windows of a NoteSequence; see `Converter`."""
        if not self.presplit:
            return some(self.windows_of_part(sequence, limit, rng), limit, rng)
        return of_each_part(sequence, lambda piece: self.windows_of_part(piece, limit, rng), limit, rng)

    def first(self, sequence: NoteSequence) -> Labels | None:
        """Return the first window of a NoteSequence; see `Converter`."""
        pieces = (piece for stretch in split(copy.deepcopy(sequence)) for piece in self.pieces(stretch))
        piece = next(pieces, None)
        return None if piece is None else self.labels(piece)

    def windows_of_part(
        self, sequence: NoteSequence, limit: int | None, rng: np.random.Generator | None
    ) -> list[Labels]:
        """Return the distinct windows of a stretch in one tempo and metre."""
        return [self.labels(piece) for piece in some(distinct(self.pieces(sequence)), limit, rng)]

    @abstractmethod
    def pieces(self, sequence: NoteSequence) -> list[tuple[Any, ...]]:
        """Return the events of each window of a stretch in one tempo and metre, one instrument after the other."""

    @abstractmethod
    def labels(self, piece: tuple[Any, ...]) -> Labels:
        """Return the events of a window as labels."""

    def bounds(self, **melodic: Any) -> Bounds:
        """Return what an extracted stream must be like; ``melodic`` are the bounds of melodies."""
        return Bounds(
            min_bars=1,
            max_steps=self.max_bars * self.steps_per_bar if self.max_bars else None,
            gap_bars=self.gap_bars or float("inf"),
            pad_end=True,
            **melodic,
        )

    def sliced(self, events: Any, total: int) -> list[tuple[Any, ...]]:
        """Return windows that begin at each bar; the whole where no length is asked for.

        note-seq cuts its own sequences: in a melody's part, note offs before the first note become holds.

        Args:
            events: the stream; it is padded in place where that is asked for.
            total: steps of the NoteSequence that it is of.
        """
        if self.pad_to_total_time:
            events.set_length(len(events) + events.start_step, from_left=True)
            events.set_length(total)
        if not self.slice_bars:
            return [tuple(events)]
        steps = self.slice_bars * self.steps_per_bar
        return [tuple(events[end - steps : end]) for end in range(steps, len(events) + 1, self.steps_per_bar)]


def split(sequence: NoteSequence) -> list[NoteSequence]:
    """Split where tempo or metre changes."""
    parts: list[NoteSequence] = part("sequences_lib").split_note_sequence_on_time_changes(sequence)
    return parts


def quantised(sequence: NoteSequence, steps_per_bar: int) -> NoteSequence | None:
    """Return a sequence on the sixteenth grid, None where its bars have another length."""
    library = part("sequences_lib")
    try:
        found: NoteSequence = library.quantize_note_sequence(sequence, STEPS_PER_QUARTER)
        bar = library.steps_per_bar_in_quantized_sequence(found)
    except (library.BadTimeSignatureError, library.NegativeTimeError, part("events_lib").NonIntegerStepsPerBarError):
        return None
    return found if bar == steps_per_bar else None


def of_each_part(
    sequence: NoteSequence,
    convert: Callable[[NoteSequence], list[Labels]],
    limit: int | None,
    rng: np.random.Generator | None,
) -> list[Labels]:
    """Convert each part between changes of tempo and metre; the limit holds for each, and for all together."""
    windows: list[Labels] = []
    for piece in split(copy.deepcopy(sequence)):
        windows += some(convert(piece), limit, rng)
    return some(windows, limit, rng)


Window = TypeVar("Window", bound=Hashable)


def distinct(windows: Iterable[Window]) -> list[Window]:
    """Return each window once, in the order of a set: it is Magenta's, and which ones a limit keeps depends on it."""
    return list(set(windows))


def some(windows: list[Item], limit: int | None, rng: np.random.Generator | None) -> list[Item]:
    """Return at most ``limit`` windows: the first ones, or drawn ones where there is something to draw from."""
    if not limit or len(windows) <= limit:
        return windows
    if rng is None:
        return windows[:limit]
    return [windows[index] for index in sorted(rng.choice(len(windows), size=limit, replace=False))]
