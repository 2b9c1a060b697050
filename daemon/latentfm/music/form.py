"""The plan of a section: intro, periods of motifs, cadence, outro, counted in bars."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from latentfm.music.progressions import PERIOD_BARS

Part = Literal["statement", "answer", "variation", "cadence"]
Source = Literal["motif", "old", "answer", "lead_on"]
UNITS_PER_PERIOD: Final = 4
CLIMAX: Final = 2 / 3  # where the densest moment lies, as a share of the section
_RECALL_EVERY: Final = 3  # sections from one return of an older motif to the next
_MIN_UNITS: Final = 4
_FOUR_POINTS: Final = 4


@dataclass(frozen=True)
class Unit:
    """The time of one motif.

    ``point`` is the place on the walk that the unit's material comes from (for an answer: that it answers),
    ``varied`` says whether it airs with a change.
    """

    bar: int
    bars: int
    part: Part
    source: Source
    point: int
    varied: bool
    period: int


@dataclass(frozen=True)
class FormPlan:
    """A section in bars: ``intro`` bars of pad, the units, ``outro`` bars of pad and tails.

    A crossfade takes ``crossfade_bars`` bars; ``points`` is how many places of the walk the units use.
    """

    bars: int
    intro: int
    outro: int
    crossfade_bars: int
    bar_seconds: float
    points: int
    units: tuple[Unit, ...]

    @property
    def body(self) -> tuple[int, int]:
        """First bar of the first unit, and the bar after the last one."""
        return self.intro, self.bars - self.outro

    @property
    def seconds(self) -> float:
        """Length of the section without what rings on after it."""
        return self.bars * self.bar_seconds

    @property
    def outs(self) -> tuple[int, ...]:
        """Bars at which a crossfade may begin, once drums and bass have left."""
        return tuple(range(self.bars - self.outro, self.bars - self.crossfade_bars + 1))

    @property
    def climax(self) -> int:
        """Index of the unit in which the section is densest."""
        return min(round(CLIMAX * len(self.units)), len(self.units) - 1)


# letters: A to D points of the walk, a prime for a change, r an answer to the unit before, l the RNN leading on,
# o an older motif; Z stands for the last point, where the walk ends
_STATEMENT: Final = "A A' B A"
_PERIODS: Final[dict[int, tuple[str, ...]]] = {
    1: ("A A' Z Z'",),
    2: (_STATEMENT, "B' r Z Z'"),
    3: (_STATEMENT, "B r B' r", "Z r Z' Z"),
    4: (_STATEMENT, "A r B r", "Z Z' B' Z", "A r Z' Z"),
    5: (_STATEMENT, "B r B' r", "Z Z' A' Z", "B r l r", "A r Z' Z"),
    6: (_STATEMENT, "A r B r", "B' r l r", "Z Z' B' Z", "A' r Z r", "A r Z' Z"),
}
_PARTS: Final[dict[int, tuple[Part, ...]]] = {
    1: ("statement",),
    2: ("statement", "variation"),
    3: ("statement", "answer", "variation"),
    4: ("statement", "answer", "variation", "cadence"),
    5: ("statement", "answer", "variation", "answer", "cadence"),
    6: ("statement", "answer", "answer", "variation", "answer", "cadence"),
}
_HALF_PERIOD: Final = "r Z"  # what a form of whole periods and a half ends with
MAX_PERIODS: Final = len(_PERIODS)


def seam_bars(crossfade_seconds: float, bar_seconds: float, multiple: int = 1) -> tuple[int, int, int]:
    """Return the bars of intro and outro, and of the crossfade, so that it fits both.

    The intro covers the crossfade; the outro covers it and a bar more, so that there is a choice of bar lines
    to begin at. ``multiple`` is the number of bars that a chord lasts: intros are whole chords.
    """
    crossfade = math.ceil(crossfade_seconds / bar_seconds - 1e-9)
    intro = math.ceil(max(crossfade, 2) / multiple) * multiple
    return intro, crossfade + 1, crossfade


def _spell(units: int, points: int, *, recall: bool) -> list[tuple[str, Part]]:
    """Return letters and parts for an even number of units."""
    whole, rest = divmod(units, UNITS_PER_PERIOD)
    rows, parts = [*_PERIODS[whole]], [*_PARTS[whole]]
    if rest:
        rows = [_STATEMENT, *rows[1:], _HALF_PERIOD] if whole == 1 else [*rows, _HALF_PERIOD]
        parts.append("cadence")
    if whole < _FOUR_POINTS:
        points = min(points, _FOUR_POINTS - 1)
    if whole == 1:  # too short for three ideas, each heard twice
        rows, points = [row.replace("B", "Z") for row in rows], 2
    elif recall:
        rows[1] = re.sub("[AB]", "o", rows[1])
    if points == _FOUR_POINTS:
        rows = [*(row.replace("Z", "C") for row in rows[:-1]), rows[-1]]
    last = "ABCD"[points - 1]
    return [(letter.replace("Z", last), part) for row, part in zip(rows, parts, strict=True) for letter in row.split()]


def _unit(letter: str, part: Part, bar: int, bars: int, period: int, before: int) -> Unit:
    sources: dict[str, Source] = {"r": "answer", "l": "lead_on", "o": "old"}
    source = sources.get(letter[0], "motif")
    point = "ABCD".index(letter[0]) if source == "motif" else before
    return Unit(bar, bars, part, source, point, varied=letter.endswith("'"), period=period)


def plan(
    *,
    bar_seconds: float,
    seconds: tuple[float, float],
    motif_bars: int,
    crossfade_seconds: float,
    bars_per_chord: int,
    points: int,
    section: int,
    can_recall: bool,
    rng: np.random.Generator,
) -> FormPlan:
    """Plan a section.

    Args:
        bar_seconds: seconds a bar.
        seconds: shortest and longest section wanted.
        motif_bars: bars a motif lasts as it is read, a divisor of eight.
        crossfade_seconds: length of the playlist's crossfade.
        bars_per_chord: bars a chord lasts.
        points: places on the walk, 2 to 4.
        section: how many sections came before.
        can_recall: whether there is an older motif to come back to.
        rng: where chance comes from.

    Returns:
        The plan. Its length is within ``seconds`` where whole halves of periods allow that, else as near as can be.
    """
    intro, outro, crossfade = seam_bars(crossfade_seconds, bar_seconds, bars_per_chord)
    step = max(PERIOD_BARS // motif_bars, 2)
    counts = [count for count in range(_MIN_UNITS, UNITS_PER_PERIOD * MAX_PERIODS + 1) if count % step == 0]
    lengths = {count: (intro + outro + count * motif_bars) * bar_seconds for count in counts}
    low, high = seconds
    fitting = [count for count in counts if low <= lengths[count] <= high]
    wanted = low + (high - low) * rng.uniform(0.25, 0.75)
    if fitting:
        count = min(fitting, key=lambda units: abs(lengths[units] - wanted))
    else:
        count = min(counts, key=lambda units: max(low - lengths[units], lengths[units] - high))
    recall = can_recall and section % _RECALL_EVERY == _RECALL_EVERY - 1
    units: list[Unit] = []
    for index, (letter, part) in enumerate(_spell(count, points, recall=recall)):
        before = units[-1].point if units else 0
        bar = intro + index * motif_bars
        units.append(_unit(letter, part, bar, motif_bars, index // UNITS_PER_PERIOD, before))
    used = max(unit.point for unit in units) + 1
    bars = intro + outro + count * motif_bars
    return FormPlan(bars, intro, outro, crossfade, bar_seconds, used, tuple(units))
