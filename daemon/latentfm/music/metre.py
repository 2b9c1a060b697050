"""Metre: how the grid of sixteenths falls into beats and bars.

Tempi count quarter notes whatever the metre is, as they do in MIDI: a bar of 6/8 lasts three of them, and its beat, the
dotted quarter, one and a half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from latentfm.playlist import MetreName, Playlist

STEPS_PER_QUARTER: Final = 4
EIGHTH: Final = STEPS_PER_QUARTER // 2
"""Steps of an eighth."""

_STEPS_PER_WHOLE: Final = 4 * STEPS_PER_QUARTER


@dataclass(frozen=True)
class Metre:
    """A metre on the grid of sixteenths.

    Attributes:
        numerator, denominator: as they are written.
        beat: steps of a beat: 4, or 6 where three eighths are felt as one.
        strong: steps of the bar that are strong, the first one among them.
        back: steps of the bar that a drummer answers them on.
    """

    numerator: int
    denominator: int
    beat: int
    strong: tuple[int, ...]
    back: tuple[int, ...]

    @property
    def name(self) -> MetreName:
        """The metre as a playlist names it, such as "3/4"."""
        return next(name for name, metre in METRES.items() if metre == self)

    @property
    def steps_per_bar(self) -> int:
        """Sixteenths in a bar."""
        return _STEPS_PER_WHOLE * self.numerator // self.denominator

    @property
    def half(self) -> int:
        """Steps of half a bar, which is what notes are taken for long from."""
        return self.steps_per_bar // 2

    @property
    def quarters(self) -> float:
        """Quarter notes in a bar."""
        return self.steps_per_bar / STEPS_PER_QUARTER

    @property
    def compound(self) -> bool:
        """Whether beats fall into three eighths."""
        return self.beat % 3 == 0

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """Onset and length of what each strong step leads, halves of a bar or all of it."""
        ends = (*self.strong[1:], self.steps_per_bar)
        return tuple((start, end - start) for start, end in zip(self.strong, ends, strict=True))

    def bar_seconds(self, qpm: float) -> float:
        """Return how long a bar lasts at a tempo in quarter notes a minute."""
        return self.quarters * 60.0 / qpm

    def bar(self, step: int) -> int:
        """Return the bar that a step lies in."""
        return step // self.steps_per_bar

    def is_strong(self, step: int) -> bool:
        """Say whether a step of the section is strong in its bar."""
        return step % self.steps_per_bar in self.strong

    def is_beat(self, step: int) -> bool:
        """Say whether a beat begins at a step of the section."""
        return step % self.steps_per_bar % self.beat == 0


FOUR_FOUR: Final = Metre(4, 4, beat=4, strong=(0, 8), back=(4, 12))
THREE_FOUR: Final = Metre(3, 4, beat=4, strong=(0,), back=(4, 8))
SIX_EIGHT: Final = Metre(6, 8, beat=6, strong=(0, 6), back=(6,))
METRES: Final[dict[MetreName, Metre]] = {"4/4": FOUR_FOUR, "3/4": THREE_FOUR, "6/8": SIX_EIGHT}


def of(playlist: Playlist) -> Metre:
    """Return the metre that a playlist's sections are in."""
    return METRES[playlist.tempo.metre]
