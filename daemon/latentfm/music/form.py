"""The plan of a section: intro, periods of motifs, cadence, outro, counted in bars."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from latentfm.music.progressions import PERIOD_BARS

Part = Literal["statement", "answer", "variation", "cadence"]
Source = Literal["motif", "old", "answer", "lead_on", "trio"]
UNITS_PER_PERIOD: Final = 4
CLIMAX: Final = 2 / 3  # where the densest moment lies, as a share of the section
_RECALL_EVERY: Final = 3  # sections from one return of an older motif to the next
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
    7: (_STATEMENT, "A r B r", "B' r l r", "Z Z' B' Z", "A' r Z r", "B r Z' Z", "A r Z' Z"),
    8: (_STATEMENT, "A r B r", "B' r l r", "Z Z' B' Z", "A' r B r", "Z r l r", "B' r Z r", "A r Z' Z"),
}
_PARTS: Final[dict[int, tuple[Part, ...]]] = {
    1: ("statement",),
    2: ("statement", "variation"),
    3: ("statement", "answer", "variation"),
    4: ("statement", "answer", "variation", "cadence"),
    5: ("statement", "answer", "variation", "answer", "cadence"),
    6: ("statement", "answer", "answer", "variation", "answer", "cadence"),
    7: ("statement", "answer", "answer", "variation", "answer", "variation", "cadence"),
    8: ("statement", "answer", "answer", "variation", "answer", "variation", "answer", "cadence"),
}
# what a form ends with when it is no whole number of periods, by the units left over, and forms too short for one
_REST: Final[dict[int, str]] = {0: "", 1: "Z", 2: "r Z", 3: "Z' r Z"}
_SHORT: Final[dict[int, str]] = {2: "Z Z'", 3: "Z Z' Z"}
_ANSWERED: Final = "Z r Z' Z"  # another form of one period: one idea, and what is said to it
# forms of little more than a period in which an older motif comes back, by the units beyond it
_RECALLING: Final[dict[int, str]] = {0: "o o' Z Z'", 1: "A A' o Z Z'", 2: "A A' o A Z Z'", 3: "A A' o A Z r Z'"}
MAX_PERIODS: Final = len(_PERIODS)


def seam_bars(crossfade_seconds: float, bar_seconds: float, multiple: int = 1) -> tuple[int, int, int]:
    """Return the bars of intro and outro, and of the crossfade, so that it fits both.

    The intro covers the crossfade; the outro covers it and a bar more, so that there is a choice of bar lines
    to begin at. ``multiple`` is the number of bars that a chord lasts: intros are whole chords.
    """
    crossfade = math.ceil(crossfade_seconds / bar_seconds - 1e-9)
    intro = math.ceil(max(crossfade, 2) / multiple) * multiple
    return intro, crossfade + 1, crossfade


def _spell(units: int, points: int, *, recall: bool, answered: bool) -> list[tuple[str, Part]]:
    """Return letters and parts for a number of units; a form of two or three has one idea."""
    whole, rest = divmod(units, UNITS_PER_PERIOD)
    if whole == 0:
        rows, parts = [_SHORT[rest]], [*_PARTS[1]]
    else:
        rows, parts = [*_PERIODS[whole]], [*_PARTS[whole]]
    if whole == 1 and recall:
        letters = _RECALLING[rest].split()
        rows, parts = [" ".join(letters[:UNITS_PER_PERIOD]), " ".join(letters[UNITS_PER_PERIOD:])], [*parts, "cadence"]
    elif whole == 1 and rest:
        rows, parts = [_STATEMENT, _REST[rest]], [*parts, "cadence"]
    elif whole == 1 and answered:
        rows = [_ANSWERED]
    elif whole and rest:
        rows, parts = [*rows, _REST[rest]], [*parts, "cadence"]
    if whole < _FOUR_POINTS:
        points = min(points, _FOUR_POINTS - 1)
    if whole < 2:  # noqa: PLR2004 - too short for three ideas, each heard twice
        rows, points = [row.replace("B", "Z") for row in rows], 2
    elif recall:
        rows[1] = re.sub("[AB]", "o", rows[1])
    if points == _FOUR_POINTS:
        end = len(rows) - (2 if rest else 1)
        rows = [*(row.replace("Z", "C") for row in rows[:end]), *rows[end:]]
    last = "ABCD"[points - 1]
    return [(letter.replace("Z", last), part) for row, part in zip(rows, parts, strict=True) for letter in row.split()]


def _unit(letter: str, part: Part, bar: int, bars: int, period: int, before: int) -> Unit:
    sources: dict[str, Source] = {"r": "answer", "l": "lead_on", "o": "old"}
    source = sources.get(letter[0], "motif")
    point = "ABCD".index(letter[0]) if source == "motif" else before
    return Unit(bar, bars, part, source, point, varied=letter.endswith("'"), period=period)


@dataclass(frozen=True)
class Size:
    """How long a section can be: units of so many bars each, and the bars of intro, outro and crossfade."""

    units: int
    motif_bars: int
    intro: int
    outro: int
    crossfade: int
    bar_seconds: float

    @property
    def bars(self) -> int:
        """Bars of the section."""
        return self.intro + self.outro + self.units * self.motif_bars

    @property
    def seconds(self) -> float:
        """Length of the section."""
        return self.bars * self.bar_seconds

    @property
    def whole(self) -> bool:
        """Whether the units fill periods of eight bars; if not, half a period of four bars is left at the end."""
        return self.units * self.motif_bars % PERIOD_BARS == 0

    def miss(self, seconds: tuple[float, float]) -> float:
        """Return how many seconds the section is too short or too long."""
        return max(seconds[0] - self.seconds, self.seconds - seconds[1], 0.0)


def sizes(
    *, bar_seconds: float, motif_bars: int, crossfade_seconds: float, bars_per_chord: int, together: int = 1
) -> tuple[Size, ...]:
    """Return every size that a section can have, the shortest first; units come so many ``together``."""
    intro, outro, crossfade = seam_bars(crossfade_seconds, bar_seconds, bars_per_chord)
    half = max(PERIOD_BARS // 2 // motif_bars, 1)
    counts = range(2, UNITS_PER_PERIOD * (MAX_PERIODS + 1))
    return tuple(
        Size(count, motif_bars, intro, outro, crossfade, bar_seconds)
        for count in counts
        if count % half == count % together == 0
    )


def choose_size(offered: Sequence[Size], seconds: tuple[float, float], share: float) -> Size:
    """Return the size that lies nearest to ``share`` of a range of seconds, or misses the range least.

    Whole periods come first: half a one is for a range in which no whole number of them fits.
    """
    wanted = seconds[0] + (seconds[1] - seconds[0]) * share
    return min(offered, key=lambda size: (size.miss(seconds), not size.whole, abs(size.seconds - wanted)))


def plan(size: Size, *, points: int, recall: bool, answered: bool = False) -> FormPlan:
    """Plan a section.

    Args:
        size: how long it is.
        points: places on the walk, 2 to 4; a short section uses fewer.
        recall: whether an older motif comes back; a section of half a period has no room for it.
        answered: whether a section of one period has one idea and its answer, and not two ideas.
    """
    units: list[Unit] = []
    for index, (letter, part) in enumerate(_spell(size.units, points, recall=recall, answered=answered)):
        before = units[-1].point if units else 0
        bar = size.intro + index * size.motif_bars
        units.append(_unit(letter, part, bar, size.motif_bars, index // UNITS_PER_PERIOD, before))
    used = max(unit.point for unit in units) + 1
    return FormPlan(size.bars, size.intro, size.outro, size.crossfade, size.bar_seconds, used, tuple(units))


def plan_blocks(size: Size, together: int) -> FormPlan:
    """Plan a section of blocks that were each written at once: the two ends of the walk in turn, the last one last.

    Args:
        size: how long it is.
        together: units in a block.
    """
    blocks = size.units // together
    units: list[Unit] = []
    for index in range(size.units):
        block, within = divmod(index, together)
        point = 1 - (blocks - 1 - block) % 2
        part: Part = "statement" if block == 0 else "variation"
        if block == blocks - 1 and within >= together // 2:
            part = "cadence"
        bar = size.intro + index * size.motif_bars
        units.append(Unit(bar, size.motif_bars, part, "trio", point, varied=False, period=index // UNITS_PER_PERIOD))
    return FormPlan(size.bars, size.intro, size.outro, size.crossfade, size.bar_seconds, 2, tuple(units))


def recalls(section: int) -> bool:
    """Say whether an older motif comes back in the section before which so many came: in every third."""
    return section % _RECALL_EVERY == _RECALL_EVERY - 1
