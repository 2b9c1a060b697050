"""What the converters share: splitting, quantising, cutting into windows, and choosing among many.

Source: magenta/models/music_vae/data.py (BaseNoteSequenceConverter, LegacyEventListOneHotConverter,
split_process_and_combine, maybe_sample_items).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Protocol, TypeVar

import numpy as np

from latentfm.models.events import Labels
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

    def sequence(self, labels: Labels) -> NoteSequence:
        """Return the NoteSequence of one window, at 120 quarters a minute."""
        ...


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


def padded(events: Any, total: int) -> None:
    """Pad an event sequence in place from the beginning of its NoteSequence to the end."""
    events.set_length(len(events) + events.start_step, from_left=True)
    events.set_length(total)


def sliced(events: Any, steps: int | None, steps_per_bar: int) -> list[tuple[Any, ...]]:
    """Return windows that begin at each bar; the whole where no length is asked for.

    note-seq cuts its own sequences: in a melody's part, note offs before the first note become holds.
    """
    if steps is None:
        return [tuple(events)]
    return [tuple(events[end - steps : end]) for end in range(steps, len(events) + 1, steps_per_bar)]


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
