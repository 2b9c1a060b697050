"""How an accompaniment moves in each metre: bass patterns, the rhythms of struck chords, the shapes of broken ones.

In 3/4 the bass has the first beat and the chord the other two, and the bass goes root and fifth from bar to bar. In 6/8
the bass has the beats, and the chord the eighth before the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from latentfm.music.metre import EIGHTH, STEPS_PER_QUARTER, Metre
from latentfm.playlist import MetreName

# (onset, length, what) in sixteenths of a bar; what: R root, F fifth, A approach to the next bar's root
BassRow = tuple[tuple[int, int, str], ...]
BassPattern = tuple[BassRow, ...]
"""A row for each bar that a chord lasts, from the first one on, again and again."""
Rhythm = tuple[tuple[int, int], ...]
"""Onset and length of each stroke in a bar."""


@dataclass(frozen=True)
class Idiom:
    """How an accompaniment moves.

    Attributes:
        bass: patterns to choose from, by liveliness.
        comps: strokes of a struck chord, from still to lively, where a bass plays.
        comps_alone: the same where none does.
        arpeggios: shapes of broken chords, as places on a ladder of chord tones.
        broken: steps between the notes of a broken chord, in calm and in lively moods.
        thin: of those notes, every so many-th sounds where there is little energy.
    """

    bass: tuple[tuple[BassPattern, ...], ...]
    comps: tuple[Rhythm, ...]
    comps_alone: tuple[Rhythm, ...]
    arpeggios: tuple[tuple[int, ...], ...]
    broken: tuple[int, int]
    thin: int


_COMPS_FOUR: Final[tuple[Rhythm, ...]] = (
    ((0, 16),),
    ((0, 8), (8, 8)),
    ((0, 6), (6, 6), (12, 4)),
    ((0, 3), (6, 4), (10, 2), (14, 2)),
)
_IN_FOUR: Final = Idiom(
    bass=(
        ((((0, 16, "R"),),),),
        ((((0, 8, "R"), (8, 8, "F")),), (((0, 12, "R"), (12, 4, "A")),)),
        (
            (((0, 6, "R"), (8, 4, "F"), (12, 4, "A")),),
            (((0, 6, "R"), (6, 6, "F"), (12, 4, "A")),),
            (((0, 8, "R"), (8, 4, "R"), (12, 4, "A")),),
        ),
        (
            (((0, 4, "R"), (4, 4, "F"), (8, 4, "R"), (12, 4, "A")),),
            (((0, 4, "R"), (6, 2, "R"), (8, 4, "F"), (12, 2, "F"), (14, 2, "A")),),
        ),
    ),
    comps=_COMPS_FOUR,
    comps_alone=_COMPS_FOUR,
    arpeggios=((0, 1, 2, 1), (0, 2, 1, 2), (2, 1, 0, 1), (0, 1, 2, 3)),
    broken=(STEPS_PER_QUARTER, EIGHTH),
    thin=2,
)
_SIX_NOTES: Final = ((0, 1, 2, 3, 2, 1), (0, 2, 1, 3, 1, 2), (0, 1, 2, 0, 1, 2), (2, 1, 0, 2, 1, 0))
_WALTZ: Final = Idiom(
    bass=(
        ((((0, 12, "R"),), ((0, 12, "F"),)),),
        ((((0, 8, "R"),), ((0, 8, "F"),)),),
        (
            (((0, 6, "R"),), ((0, 4, "F"), (8, 4, "A"))),
            (((0, 8, "R"),), ((0, 8, "F"), (8, 4, "A"))),
        ),
        (
            (((0, 4, "R"), (8, 4, "A")), ((0, 4, "F"), (8, 4, "A"))),
            (((0, 6, "R"),), ((0, 4, "R"), (4, 4, "F"), (8, 4, "A"))),
        ),
    ),
    comps=(((0, 12),), ((4, 4), (8, 4)), ((4, 3), (8, 3)), ((4, 2), (8, 2))),
    comps_alone=(((0, 12),), ((0, 4), (4, 8)), ((0, 4), (4, 4), (8, 4)), ((0, 4), (4, 4), (8, 4))),
    arpeggios=_SIX_NOTES,
    broken=(STEPS_PER_QUARTER, EIGHTH),
    thin=2,
)
_JIG: Final = Idiom(
    bass=(
        ((((0, 12, "R"),), ((0, 12, "F"),)),),
        ((((0, 6, "R"), (6, 6, "F")),), (((0, 12, "R"),), ((0, 6, "F"), (6, 6, "A")))),
        (
            (((0, 6, "R"), (6, 6, "F")), ((0, 6, "R"), (6, 4, "F"), (10, 2, "A"))),
            (((0, 6, "R"), (6, 4, "F"), (10, 2, "A")),),
        ),
        (
            (((0, 4, "R"), (4, 2, "R"), (6, 4, "F"), (10, 2, "A")),),
            (((0, 6, "R"), (6, 4, "F"), (10, 2, "A")),),
        ),
    ),
    comps=(((0, 12),), ((0, 6), (6, 6)), ((4, 2), (10, 2)), ((2, 2), (4, 2), (8, 2), (10, 2))),
    comps_alone=(((0, 12),), ((0, 6), (6, 6)), ((0, 4), (4, 2), (6, 4), (10, 2)), ((0, 4), (4, 2), (6, 4), (10, 2))),
    arpeggios=_SIX_NOTES,
    broken=(EIGHTH, EIGHTH),
    thin=3,
)
IDIOMS: Final[dict[MetreName, Idiom]] = {"4/4": _IN_FOUR, "3/4": _WALTZ, "6/8": _JIG}


def of(metre: Metre) -> Idiom:
    """Return the idiom of a metre."""
    return IDIOMS[metre.name]
