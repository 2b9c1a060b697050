"""Drum patterns arranged as a drummer would play them: windows of two bars, and longer sequences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import TrainingError
from latentfm.training.corpora.drum_library import BAR_STEPS, STYLES, DrumPattern, Role, load_patterns, split
from latentfm.training.corpora.drum_variations import HAND_STYLES, RIDE, Bar, Labels, hats_to_ride, vary, with_crash

__all__ = [
    "STYLES",
    "DrumPattern",
    "Drummer",
    "Windows",
    "labelled_windows",
    "load_patterns",
    "sequences",
    "split",
    "two_bar_windows",
]

# A style that has no fill of its own on this side of the split borrows one from a style of the same feel.
SWUNG = frozenset({"jazz", "shuffle"})
HANDS = frozenset({"hand", "cuban", "bossa", "ambient"})
UNCRASHED = HAND_STYLES | {"ambient", "bossa"}

# What the second bar of a window does with the first, and how often.
WINDOWS = {"repeat": 0.26, "vary": 0.34, "fill": 0.2, "after_fill": 0.1, "break": 0.04, "intro": 0.06}
# Four-bar phrases: A the groove, V a variation, F a fill, B the second groove, K a break.
PHRASES = {"AAAA": 0.1, "AAAF": 0.2, "AVAF": 0.2, "AVAV": 0.15, "AAAV": 0.12, "AAAB": 0.1, "AVAB": 0.08, "AAAK": 0.05}
RIDE_SHARE = 0.12
OWN_SHARE = 0.4


@dataclass(frozen=True, eq=False)
class Windows:
    """Two-bar windows: ``labels`` int16 [n, steps] and ``styles`` int16 [n], an index into STYLES."""

    labels: Labels
    styles: Labels


def _feel(style: str) -> int:
    return 1 if style in SWUNG else 2 if style in HANDS else 0


class Drummer:
    """Plays the grooves of one set of patterns in one metre, with only that set's fills, breaks and intros."""

    def __init__(self, patterns: Sequence[DrumPattern], rng: np.random.Generator, metre: str = "4/4") -> None:
        """Raises TrainingError when the set has no groove in the metre."""
        self._rng = rng
        self._by_role: dict[Role, list[DrumPattern]] = defaultdict(list)
        for pattern in patterns:
            if pattern.metre == metre:
                self._by_role[pattern.role].append(pattern)
        self.grooves = self._by_role["groove"]
        self.bar_steps = BAR_STEPS[metre]
        if not self.grooves:
            raise TrainingError(f"none of the {len(patterns)} drum patterns is a groove in {metre}")

    def choose(self) -> DrumPattern:
        """Any groove, all equally likely."""
        return self._any(self.grooves)

    def window(self, groove: DrumPattern) -> Labels:
        """Two bars of the groove: repeated, varied, ended with a fill, begun after one, or with its style's intro."""
        kind = self._draw(WINDOWS)
        if kind in {"repeat", "fill", "after_fill"}:
            groove = self._own(groove)
        first, second = groove.bar(0), groove.bar(1)
        other = self.fitting(groove, "intro" if kind == "intro" else "break" if kind == "break" else "fill")
        if kind in {"intro", "break", "fill"} and other is None:
            kind = "vary"
        if kind == "repeat":
            bars = [first.labels, second.labels]
        elif kind == "fill" and other is not None:
            bars = [first.labels, fill_over(second, other)]
        elif kind == "after_fill":
            bars = [self._after_fill(groove, first.labels), second.labels]
        elif kind == "break" and other is not None:
            bars = [first.labels, other.bar(0).labels]
        elif kind == "intro" and other is not None:
            bars = [other.bar(0).labels, other.bar(1).labels if self._rng.random() < 0.5 else first.labels]  # noqa: PLR2004
        elif self._rng.random() < 0.75:  # noqa: PLR2004
            bars = [first.labels, vary(second, self._rng)]
        else:
            bars = [vary(first, self._rng), second.labels]
        return self._voiced(groove, np.concatenate(bars))

    def sequence(self, bars: int) -> Labels:
        """A groove of ``bars`` bars: phrases of four, sometimes an intro, sometimes a second groove from the middle."""
        groove = self._own(self.choose())
        other = self._second(groove)
        intro = self.fitting(groove, "intro")
        played: list[Labels] = []
        if intro is not None and bars > 4 and self._rng.random() < 0.2:  # noqa: PLR2004
            played += [intro.bar(0).labels, intro.bar(1).labels]
        filled = False
        while len(played) < bars:
            if len(played) >= bars // 2 and other is not groove and self._rng.random() < 0.4:  # noqa: PLR2004
                groove, other = other, groove
            for place, letter in enumerate(self._draw(PHRASES)):
                labels, fill = self._letter(groove, other, letter, place)
                played.append(self._after_fill(groove, labels) if filled else labels)
                filled = fill
        return np.concatenate(played[:bars])

    def fitting(self, groove: DrumPattern, role: Role) -> DrumPattern | None:
        """A pattern of this role of the groove's style and within one step of its energy; else of its feel; or none."""
        near = [p for p in self._by_role[role] if abs(p.energy - groove.energy) <= 1 and p.calm == groove.calm]
        of_style = [p for p in near if p.style == groove.style]
        of_feel = [p for p in near if _feel(p.style) == _feel(groove.style)]
        choice = of_style or (of_feel if role == "fill" else [])
        return self._any(choice) if choice else None

    def _letter(self, groove: DrumPattern, other: DrumPattern, letter: str, place: int) -> tuple[Labels, bool]:
        bar = groove.bar(place)
        if letter in "FK":
            pattern = self.fitting(groove, "fill" if letter == "F" else "break")
            if pattern is not None:
                return (fill_over(bar, pattern) if letter == "F" else pattern.bar(0).labels), letter == "F"
        if letter == "B" and other is not groove:
            return other.bar(place).labels, False
        return (bar.labels if letter == "A" else vary(bar, self._rng)), False

    def _own(self, groove: DrumPattern) -> DrumPattern:
        """The groove, or now and then a drummer's own way with it: each bar with a change that then stays."""
        if self._rng.random() >= OWN_SHARE:
            return groove
        bars = [vary(groove.bar(index), self._rng) for index in range(groove.bars)]
        return replace(groove, hits=np.concatenate(bars))

    def _second(self, groove: DrumPattern) -> DrumPattern:
        near = [
            p
            for p in self.grooves
            if p.style == groove.style and p.calm == groove.calm and abs(p.energy - groove.energy) <= 1
        ]
        return self._any(near)

    def _after_fill(self, groove: DrumPattern, labels: Labels) -> Labels:
        """The bar after a fill: a crash on the one, always when loud, now and then when calm, never by hand."""
        chance = 0.25 if groove.calm else 0.3 * (groove.energy - 1)
        crashes = groove.style not in UNCRASHED and self._rng.random() < chance
        return with_crash(labels, calm=groove.calm) if crashes else labels

    def _voiced(self, groove: DrumPattern, labels: Labels) -> Labels:
        """Now and then the time moves from the hats to the ride, where the groove's hands leave it free."""
        kit = groove.style not in UNCRASHED | SWUNG and not (labels & RIDE).any()
        return hats_to_ride(labels) if kit and self._rng.random() < RIDE_SHARE else labels

    def _any(self, patterns: list[DrumPattern]) -> DrumPattern:
        return patterns[int(self._rng.integers(len(patterns)))]

    def _draw(self, weights: dict[str, float]) -> str:
        chances = np.array(list(weights.values()))
        return list(weights)[int(self._rng.choice(len(chances), p=chances / chances.sum()))]


def fill_over(bar: Bar, fill: DrumPattern) -> Labels:
    """The bar up to the fill's first step, then the fill."""
    return np.concatenate([bar.labels[: fill.start], fill.hits[fill.start : len(bar.labels)]])


def labelled_windows(patterns: Sequence[DrumPattern], rng: np.random.Generator, n: int, metre: str = "4/4") -> Windows:
    """``n`` two-bar windows from these patterns alone, each with the index of its groove's style."""
    drummer = Drummer(patterns, rng, metre)
    grooves = [drummer.choose() for _ in range(n)]
    labels = np.zeros((n, 2 * drummer.bar_steps), np.int16)
    for row, groove in enumerate(grooves):
        labels[row] = drummer.window(groove)
    return Windows(labels, np.array([STYLES.index(groove.style) for groove in grooves], np.int16))


def two_bar_windows(
    patterns: Sequence[DrumPattern], rng: np.random.Generator, n: int, metre: str = "4/4"
) -> NDArray[np.int16]:
    """``n`` two-bar windows from these patterns alone: int16 labels [n, 32] in 4/4, [n, 24] in 3/4 and 6/8."""
    return labelled_windows(patterns, rng, n, metre).labels


def sequences(
    patterns: Sequence[DrumPattern], rng: np.random.Generator, n: int, bars: int, metre: str = "4/4"
) -> list[Labels]:
    """``n`` grooves of ``bars`` bars from these patterns alone: int16 labels [steps] each."""
    drummer = Drummer(patterns, rng, metre)
    return [drummer.sequence(bars) for _ in range(n)]
