"""The note on the grid of sixteenths that everything musical here is written in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from latentfm.music.metre import Metre


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """A note: onset and length in sixteenths, MIDI pitch (C4 is 60), MIDI velocity."""

    onset: int
    length: int
    pitch: int
    velocity: int = 80

    @property
    def end(self) -> int:
        """First step after the note."""
        return self.onset + self.length


def shift(notes: Iterable[Note], steps: int = 0, semitones: int = 0) -> tuple[Note, ...]:
    """Return the notes moved in time and pitch."""
    return tuple(replace(note, onset=note.onset + steps, pitch=note.pitch + semitones) for note in notes)


def stretch(notes: Iterable[Note], factor: int) -> tuple[Note, ...]:
    """Return the notes read ``factor`` times slower: half time is 2, quarter time is 4."""
    return tuple(replace(note, onset=note.onset * factor, length=note.length * factor) for note in notes)


def between(notes: Iterable[Note], start: int, end: int) -> tuple[Note, ...]:
    """Return the notes that begin in ``[start, end)``."""
    return tuple(note for note in notes if start <= note.onset < end)


def one_voice(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Return the notes in time order, each cut where the next begins; of several at once the highest stays."""
    ordered = sorted(notes, key=lambda note: (note.onset, -note.pitch))
    kept: list[Note] = []
    for note in ordered:
        if kept and kept[-1].onset == note.onset:
            continue
        if kept and kept[-1].end > note.onset:
            kept[-1] = replace(kept[-1], length=note.onset - kept[-1].onset)
        kept.append(note)
    return tuple(kept)


def bars_of(notes: Sequence[Note], bars: int, metre: Metre) -> list[tuple[Note, ...]]:
    """Sort notes into bars by onset; onsets are counted from the start of their bar."""
    rows: list[list[Note]] = [[] for _ in range(bars)]
    for note in notes:
        bar, onset = divmod(note.onset, metre.steps_per_bar)
        if 0 <= bar < bars:
            rows[bar].append(replace(note, onset=onset))
    return [tuple(row) for row in rows]
