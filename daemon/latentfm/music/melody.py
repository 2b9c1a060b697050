"""What can be said of a melody in numbers: likeness, leaps, range, rests, what repeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from latentfm.music.metre import Metre
from latentfm.music.note import Note, bars_of, between, shift

SIXTH: Final = 9  # semitones; a wider interval is a leap that wants turning back
TWELFTH: Final = 19
VARIED_SHARE: Final = 0.7  # of the interval-and-onset pairs, in what counts as a variation
_STEP: Final = 2

Pair = tuple[int, int | None]


def intervals(notes: Sequence[Note]) -> tuple[int, ...]:
    """Return the intervals between notes in a row, in semitones, rising ones positive."""
    return tuple(after.pitch - before.pitch for before, after in pairwise(notes))


def pairs(notes: Sequence[Note]) -> tuple[Pair, ...]:
    """Return each note's onset with the interval that leads to it (none for the first)."""
    return tuple(
        (note.onset, None if index == 0 else note.pitch - notes[index - 1].pitch) for index, note in enumerate(notes)
    )


def likeness(one: Sequence[Note], other: Sequence[Note]) -> float:
    """Return the share of interval-and-onset pairs that two melodies have in common, 0 to 1."""
    if not one or not other:
        return 0.0
    shared = sum((Counter(pairs(one)) & Counter(pairs(other))).values())
    return shared / max(len(one), len(other))


def same_rhythm(one: Sequence[Note], other: Sequence[Note]) -> bool:
    """Say whether two melodies begin their notes at the same places."""
    return bool(one) and [note.onset for note in one] == [note.onset for note in other]


def varies(one: Sequence[Note], other: Sequence[Note]) -> bool:
    """Say whether a listener hears one melody as the other or a variation of it."""
    return same_rhythm(one, other) or likeness(one, other) >= VARIED_SHARE


def repeating_share(notes: Sequence[Note], start: int, bars: int, metre: Metre, idea_bars: int = 1) -> float:
    """Return the share of the bars with notes that repeat or vary an earlier one.

    Args:
        notes: the melody.
        start: bar from which on bars are compared.
        bars: bar after the last one.
        metre: how long they are.
        idea_bars: bars that stand for one bar of the tune as written: 2 where it is read in half time, 4 in
            quarter time. A single held note would otherwise be the rhythm of every other one.
    """
    bar = metre.steps_per_bar
    size = idea_bars * bar
    rows = [shift(between(notes, first, first + size), -first) for first in range(start * bar, bars * bar, size)]
    heard = [row for row in rows if row]
    if not heard:
        return 0.0
    known = sum(any(varies(row, earlier) for earlier in heard[:index]) for index, row in enumerate(heard))
    return known / len(heard)


def longest_unchanged(notes: Sequence[Note], bars: int, metre: Metre) -> int:
    """Return how many bars in a row are the same at most (1 when none repeats its neighbour)."""
    rows = [tuple((note.onset, note.pitch) for note in row) for row in bars_of(notes, bars, metre)]
    longest, run = 0, 0
    for index, row in enumerate(rows):
        run = run + 1 if row and index and row == rows[index - 1] else int(bool(row))
        longest = max(longest, run)
    return longest


def longest_stuck(notes: Sequence[Note], metre: Metre) -> float:
    """Return for how many bars the line stays on one pitch at most."""
    longest, start = 0, 0
    for index, note in enumerate(notes):
        if index and note.pitch != notes[index - 1].pitch:
            start = index
        longest = max(longest, note.end - notes[start].onset)
    return longest / metre.steps_per_bar


def turns_back(leap: int, following: int) -> bool:
    """Say whether an interval turns back by step after a leap."""
    return 0 < abs(following) <= _STEP and (following > 0) != (leap > 0)


def leaps(notes: Sequence[Note]) -> tuple[float, float]:
    """Return the share of intervals over a sixth, and the share of those that turn back by step."""
    moves = intervals(notes)
    if not moves:
        return 0.0, 1.0
    wide = [turns_back(move, after) for move, after in pairwise([*moves, 0]) if abs(move) > SIXTH]
    return len(wide) / len(moves), sum(wide) / len(wide) if wide else 1.0


def widest_range(notes: Sequence[Note], bars: int, metre: Metre, window: int = 8) -> int:
    """Return the widest range in semitones that the line covers within ``window`` bars."""
    widest = 0
    for first in range(max(bars - window, 0) + 1):
        heard = [note.pitch for note in notes if first <= metre.bar(note.onset) < first + window]
        if heard:
            widest = max(widest, max(heard) - min(heard))
    return widest


def rest_share(notes: Iterable[Note], spans: Sequence[tuple[int, int]]) -> float:
    """Return the share of the spans' steps in which no note sounds; a span is ``(first step, step after the last)``."""
    line = list(notes)
    total = sum(end - start for start, end in spans)
    sounding = sum(max(0, min(note.end, end) - max(note.onset, start)) for start, end in spans for note in line)
    return 1.0 - sounding / total if total else 0.0


def fingerprint(notes: Sequence[Note]) -> str:
    """Write a motif as text that is the same in every key: "0 4+2 6-1" is onset, then interval and onset."""
    return " ".join(f"{onset}" if move is None else f"{onset}{move:+d}" for onset, move in pairs(notes))


def alike(one: str, other: str) -> bool:
    """Say whether two fingerprints are of the same motif or a variation of it by its pairs."""
    ours, theirs = one.split(), other.split()
    if not ours or not theirs:
        return False
    shared = sum((Counter(ours) & Counter(theirs)).values())
    return shared / max(len(ours), len(theirs)) >= VARIED_SHARE


def alike_share(motifs: Sequence[str], earlier: Sequence[str]) -> float:
    """Return the share of motifs that were heard earlier, by their fingerprints."""
    if not motifs:
        return 0.0
    return sum(any(alike(motif, other) for other in earlier) for motif in motifs) / len(motifs)
