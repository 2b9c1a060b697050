"""A grammar of progressions: functions first, then degrees, a cadence at the end of every eight bars.

T (tonic), S (subdominant) and D (dominant) are what a chord does; which degrees do it differs from mode to
mode. Modal dominants avoid the leading note, so bVII and IV close what V closes in major.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from latentfm.brief import Key
from latentfm.music.chords import Chord, triad
from latentfm.music.scales import parent
from latentfm.playlist import Mode

PERIOD_BARS: Final = 8
Degrees = dict[int, float]


@dataclass(frozen=True)
class _Grammar:
    """What a mode's degrees do, with weights, and the pairs that close."""

    functions: dict[str, Degrees]
    cadences: dict[tuple[int, int], float]


_GRAMMARS: Final[dict[Mode, _Grammar]] = {
    "major": _Grammar(
        {"T": {0: 5, 5: 2.2, 2: 0.7}, "S": {3: 3, 1: 2}, "D": {4: 4, 2: 0.3}},
        {(4, 0): 3, (3, 0): 1},
    ),
    "mixolydian": _Grammar(
        {"T": {0: 5, 5: 1.2}, "S": {3: 3, 1: 1, 4: 0.7}, "D": {6: 4, 4: 1}},
        {(6, 0): 3, (3, 0): 1.5, (4, 0): 0.5},
    ),
    "lydian": _Grammar(
        {"T": {0: 5, 5: 1.5, 2: 0.8}, "S": {1: 3, 5: 0.5}, "D": {4: 3, 6: 1}},
        {(4, 0): 2, (1, 0): 2},
    ),
    "dorian": _Grammar(
        {"T": {0: 5, 2: 1.5}, "S": {3: 3, 1: 1}, "D": {6: 3, 4: 1.5}},
        {(3, 0): 2, (6, 0): 2, (4, 0): 0.5},
    ),
    "aeolian": _Grammar(
        {"T": {0: 5, 2: 1.5, 5: 1}, "S": {3: 3, 5: 2}, "D": {6: 3, 4: 1.5}},
        {(6, 0): 2, (3, 0): 1.5, (4, 0): 1},
    ),
}
# the first half opens and leaves; the second comes home (its last two places are the cadence)
_OPENINGS: Final = {4: ("TTSD", "TSTD", "TTSS", "TSSD", "TDTS", "TSDS"), 2: ("TS", "TD", "TT"), 1: ("",)}
_AWAY: Final = {4: ("STSD", "SDTS", "TSTD", "SSTD"), 2: ("ST", "SD", "TS"), 1: ("",)}
_CLOSINGS: Final = {4: ("TS", "ST", "SS", "TT", "SD"), 2: ("",), 1: ("",)}
_REPEAT_WEIGHT: Final = 0.15  # how willingly a chord stays where it is
_AWAY_TONIC_WEIGHT: Final = 0.3  # an answer that opens away from home seldom names the tonic at once


def _draw(weights: Degrees, rng: np.random.Generator, previous: int | None) -> int:
    degrees = list(weights)
    shares = np.array([weights[degree] * (_REPEAT_WEIGHT if degree == previous else 1.0) for degree in degrees])
    return degrees[int(rng.choice(len(degrees), p=shares / shares.sum()))]


def functions_of(key: Key, degree: int) -> str:
    """Return the functions that a degree serves in its mode, such as "T" or "SD"; empty for a diminished one."""
    grammar = _GRAMMARS[parent(key.mode)]
    return "".join(name for name in "TSD" if degree in grammar.functions[name])


def cadences(key: Key) -> tuple[tuple[int, int], ...]:
    """Return the pairs of degrees that close a period in the key's mode."""
    return tuple(_GRAMMARS[parent(key.mode)].cadences)


def chord_of(key: Key, function: str, rng: np.random.Generator, previous: int | None = None) -> Chord:
    """Draw a chord of one function."""
    return triad(key, _draw(_GRAMMARS[parent(key.mode)].functions[function], rng, previous))


def period(key: Key, slots: int, rng: np.random.Generator, *, away: bool = False) -> tuple[Chord, ...]:
    """Draw the chords of eight bars, or of the four that may be left at a section's end.

    Args:
        key: the key; a pentatonic one is harmonised by its seven-note mode.
        slots: chords, 8 (one a bar) or 4 (one every two bars); half as many in half a period: two are a cadence.
        rng: where chance comes from.
        away: open away from the tonic, as a contrasting period does; otherwise the first chord is the tonic.

    Returns:
        ``slots`` triads, the last two a cadence of the mode.
    """
    grammar = _GRAMMARS[parent(key.mode)]
    half = slots // 2
    openings = (_AWAY if away else _OPENINGS)[half]
    functions = openings[int(rng.integers(len(openings)))]
    closings = _CLOSINGS[half]
    functions += closings[int(rng.integers(len(closings)))]
    degrees: list[int] = []
    for place, function in enumerate(functions):
        weights = dict(grammar.functions[function])
        if place == 0 and not away:
            weights = {0: 1.0}
        elif place == 0 and 0 in weights:
            weights[0] *= _AWAY_TONIC_WEIGHT
        degrees.append(_draw(weights, rng, degrees[-1] if degrees else None))
    pairs = list(grammar.cadences)
    shares = np.array([grammar.cadences[pair] for pair in pairs])
    degrees += pairs[int(rng.choice(len(pairs), p=shares / shares.sum()))]
    return tuple(triad(key, degree) for degree in degrees)


def periods(
    key: Key, slots: int, count: int, rng: np.random.Generator, *, away: bool = False
) -> list[tuple[Chord, ...]]:
    """Draw up to ``count`` different progressions, in the order in which they were drawn."""
    drawn = (period(key, slots, rng, away=away) for _ in range(count))
    return list(dict.fromkeys(drawn))
