"""Part-writing: how well a bar of four voices goes with its chord and with the bar before it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

from latentfm.models.event_rnn.polyphony import CONTINUED_NOTE, NEW_NOTE
from latentfm.music.chords import Chord
from latentfm.music.figures import LONGEST_SEMITONE, SEMITONES
from latentfm.music.metre import EIGHTH, Metre
from latentfm.music.scales import OCTAVE

Verticals = list[tuple[int, ...]]
"""PolyphonyRNN's events of each step, the highest note first."""

VOICES: Final = 4
_PERFECT: Final = (0, 7)
_WIDEST: Final = 12  # semitones between two of the upper voices
_ONSETS: Final = (2, 18)  # new notes of a bar's lower voices, fewest and most
_STRONG, _BEAT, _WEAK = 3.0, 1.0, 0.25  # what a step weighs


@dataclass(frozen=True)
class Place:
    """Where a bar stands: its chord, the metre, the last step before it, whether it ends a phrase, the bass's range."""

    chord: Chord
    metre: Metre
    before: tuple[int, ...]
    last: bool
    bass: tuple[int, int]


def pitch(event: int) -> int:
    """Return the MIDI pitch of a new or continued note."""
    return event - CONTINUED_NOTE if event >= CONTINUED_NOTE else event - NEW_NOTE


def cost(bar: Verticals, place: Place) -> float:
    """Return what is wrong with a bar: chords missed, voices missing or crowded, parallels, rubs, restlessness."""
    rows = [tuple(pitch(event) for event in step) for step in bar]
    total = 0.0
    for step, row in enumerate(rows):
        metre = place.metre
        weight = _STRONG if metre.is_strong(step) else _BEAT if metre.is_beat(step) else _WEAK
        total += weight * _vertical(row, place) / len(rows) * 4
    total += _parallels([tuple(pitch(event) for event in place.before), *rows])
    total += _rubs(rows)
    onsets = [sum(event < CONTINUED_NOTE for event in step) for step in bar]
    total += 0.3 * sum(count for step, count in enumerate(onsets) if step % EIGHTH)
    total += 0.4 * max(_ONSETS[0] - sum(onsets), sum(onsets) - _ONSETS[1], 0)
    first, ending = rows[0], rows[-1]
    if first and first[-1] % OCTAVE != place.chord.root:
        total += 1.0
    if place.last:
        settled = {one % OCTAVE for one in ending}
        total += 2.0 * (not settled <= set(place.chord.classes)) + 1.5 * (place.chord.third not in settled)
        total += 2.0 * (not ending or ending[-1] % OCTAVE != place.chord.root)
        total += 0.5 * sum(onsets[place.metre.half :])
    return total


def _vertical(row: tuple[int, ...], place: Place) -> float:
    """Return what is wrong with a chord as it sounds: strange tones, a third missing, too few or too many, spacing."""
    if len(row) < 2:  # noqa: PLR2004 - one note is no chord
        return 4.0
    strange = sum(one % OCTAVE not in place.chord.classes for one in row) / len(row)
    held = {one % OCTAVE for one in row}
    gaps = [upper - lower for upper, lower in pairwise(row)]
    spread = sum(max(gap - _WIDEST, 0) for gap in gaps[:-1]) + max(gaps[-1] - 2 * _WIDEST, 0)
    low, high = place.bass
    outside = max(low - row[-1], 0) + max(row[-1] - high, 0)
    return (
        4.0 * strange
        + 1.0 * (place.chord.third not in held)
        + 0.8 * abs(len(row) - VOICES)
        + 0.1 * spread
        + 0.15 * outside
    )


def _parallels(rows: list[tuple[int, ...]]) -> float:
    """Return how many fifths and octaves move in parallel, where as many voices sound before and after."""
    found = 0
    for before, after in pairwise(rows):
        if len(before) != len(after) or before == after:
            continue
        for upper, lower in combinations(range(len(after)), 2):
            gap = (before[upper] - before[lower]) % OCTAVE
            moved = after[upper] - before[upper], after[lower] - before[lower]
            found += gap in _PERFECT and moved[0] == moved[1] != 0
    return 1.5 * found


def _rubs(rows: list[tuple[int, ...]]) -> float:
    """Return what semitones that sound longer than an eighth cost."""
    lasting: dict[tuple[int, int], int] = {}
    total = 0.0
    for row in rows:
        pairs = {(upper, lower) for upper, lower in combinations(row, 2) if upper - lower in SEMITONES}
        lasting = {pair: lasting.get(pair, 0) + 1 for pair in pairs}
        total += 1.0 * sum(length > LONGEST_SEMITONE for length in lasting.values())
    return total
