"""Train and eval, split by piece: versions and copies of one piece lie on one side."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from latentfm.errors import TrainingError
from latentfm.noteseq import NoteSequence

_EMPTY_WORDS = frozenset({"the", "a", "an"})


def keys_of(sequence: NoteSequence) -> tuple[str, ...]:
    """Return what a piece is known by: its title, or its file where it has none, and its notes."""
    words = re.sub(r"[^\w]+", " ", sequence.sequence_metadata.title.lower()).split()
    name = " ".join(sorted(set(words) - _EMPTY_WORDS)) or f"file {sequence.filename or sequence.id}"
    start = min((note.pitch for note in sequence.notes), default=0)
    notes = bytes(
        number % 256
        for note in sorted(sequence.notes, key=lambda note: (note.start_time, note.pitch))
        for number in (note.pitch - start, round(8 * (note.end_time - note.start_time)))
    )
    return name, f"notes {hashlib.sha256(notes).hexdigest()}"


def held_out(keys: Sequence[tuple[str, ...]], share: float) -> list[bool]:
    """Say for each piece whether it is held out.

    Pieces that have a key in common are one group; the groups whose names hash lowest are held out, until they are
    the share that was asked for. It depends on the pieces alone, so it is the same each time.

    Raises:
        TrainingError: there are too few different pieces to hold any out.
    """
    group = list(range(len(keys)))

    def root(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    first: dict[str, int] = {}
    for index, names in enumerate(keys):
        for name in names:
            group[root(index)] = root(first.setdefault(name, index))
    groups: dict[int, list[int]] = {}
    for index in range(len(keys)):
        groups.setdefault(root(index), []).append(index)
    if len(groups) < 2:  # noqa: PLR2004 - one to learn from and one to hold out
        raise TrainingError(
            f"{len(groups)} different pieces are too few: some are held out to measure with, so two are needed"
        )
    order = sorted(
        groups.values(), key=lambda members: hashlib.sha256(min(keys[i][0] for i in members).encode()).digest()
    )
    chosen = [False] * len(keys)
    taken = 0
    for members in order[:-1]:
        if taken and taken + len(members) / 2 > share * len(keys):
            break
        taken += len(members)
        for index in members:
            chosen[index] = True
    return chosen
