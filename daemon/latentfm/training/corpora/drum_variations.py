"""Small changes that a drummer makes to a bar, each bounded and each in the bar's own feel.

A bar is an int16 array of nine-bit labels (bit i set: drum class i of ``CLASSES``). Every change touches
at most two steps, keeps the kick on the one and what falls on the beats, and adds only where the bar
already subdivides its beat, so that a swung bar stays swung and a straight one stays straight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int16]

CLASSES = ("kick", "snare", "hat", "open", "low", "mid", "high", "crash", "ride")
"""The nine drum classes, in the order of note-seq's DEFAULT_DRUM_TYPE_PITCHES."""

KICK, SNARE, HAT, OPEN, LOW, MID, HIGH, CRASH, RIDE = (1 << i for i in range(9))
TOMS = LOW | MID | HIGH
TIME = HAT | OPEN | RIDE

# Styles where the fingers, not the feet, keep the groove: a tone changes place there, and nothing is opened.
HAND_STYLES = frozenset({"hand", "cuban"})
OPEN_STYLES = frozenset({"rock", "ballad", "soul", "reggae", "downtempo", "house", "shuffle", "halftime"})
GHOST_STYLES = frozenset({"rock", "ballad", "soul", "jazz", "bossa", "downtempo", "folk", "shuffle", "halftime"})


@dataclass(frozen=True, eq=False)
class Bar:
    """One bar: ``labels`` [steps], ``ghosts`` [steps] (what is played softly), steps a beat, style, energy."""

    labels: Labels
    ghosts: Labels
    beat: int
    style: str
    energy: int

    def beats(self) -> range:
        """The steps that fall on a beat."""
        return range(0, len(self.labels), self.beat)

    def feel(self) -> list[int]:
        """The steps off the beat whose place inside the beat the bar already uses."""
        used = {int(step) % self.beat for step in np.flatnonzero(self.labels)}
        return [s for s in range(len(self.labels)) if s % self.beat and s % self.beat in used]

    def off(self, bits: int) -> list[int]:
        """The steps off the beat where any of these classes plays."""
        return [int(s) for s in np.flatnonzero(self.labels & bits) if s % self.beat]


Change = Callable[[Bar, np.random.Generator], Labels | None]


def _pick(steps: list[int], rng: np.random.Generator) -> int:
    return steps[int(rng.integers(len(steps)))]


def drop_time(bar: Bar, rng: np.random.Generator) -> Labels | None:
    """Leave out one hat or ride stroke off the beat, where at least four remain."""
    steps = bar.off(HAT | RIDE)
    if not steps or np.count_nonzero(bar.labels & TIME) < 5:  # noqa: PLR2004
        return None
    labels = bar.labels.copy()
    labels[_pick(steps, rng)] &= ~(HAT | RIDE)
    return labels


def open_last(bar: Bar, rng: np.random.Generator) -> Labels | None:
    """Open the last hat of the bar's last beat."""
    steps = [s for s in bar.off(HAT) if s >= len(bar.labels) - bar.beat]
    if bar.style not in OPEN_STYLES or not steps or rng.random() > 0.3 + 0.15 * bar.energy:
        return None
    labels = bar.labels.copy()
    labels[steps[-1]] = (labels[steps[-1]] & ~HAT) | OPEN
    return labels


def add_ghost(bar: Bar, rng: np.random.Generator) -> Labels | None:
    """Add a soft snare off the beat where hands are free."""
    busy = KICK | SNARE | TOMS | CRASH
    steps = [s for s in bar.feel() if not bar.labels[s] & busy]
    wanted = bar.style in GHOST_STYLES and bar.energy > 1 and bool((bar.labels & SNARE).any())
    if not wanted or not steps:
        return None
    labels = bar.labels.copy()
    labels[_pick(steps, rng)] |= SNARE
    return labels


def drop_ghost(bar: Bar, rng: np.random.Generator) -> Labels | None:
    """Leave out one of the soft strokes."""
    steps = [int(s) for s in np.flatnonzero(bar.ghosts & bar.labels)]
    if not steps:
        return None
    step = _pick(steps, rng)
    labels = bar.labels.copy()
    labels[step] &= ~bar.ghosts[step]
    return labels if labels.any() else None


def move_kick(bar: Bar, rng: np.random.Generator) -> Labels | None:
    """Move a kick that is off the beat to a neighbouring place."""
    kicks = bar.off(KICK)
    if not kicks:
        return None
    kick = _pick(kicks, rng)
    free = [s for s in bar.feel() if 0 < abs(s - kick) <= bar.beat - 1 and not bar.labels[s] & (KICK | SNARE | CRASH)]
    if not free:
        return None
    labels = bar.labels.copy()
    labels[kick] &= ~KICK
    labels[_pick(free, rng)] |= KICK
    return labels


def drop_kick(bar: Bar, rng: np.random.Generator) -> Labels | None:
    """Leave out a kick that is off the beat."""
    kicks = bar.off(KICK)
    if not kicks:
        return None
    labels = bar.labels.copy()
    labels[_pick(kicks, rng)] &= ~KICK
    return labels if labels.any() else None


def add_kick(bar: Bar, rng: np.random.Generator) -> Labels | None:
    """Add a kick off the beat in the second half of the bar."""
    half = len(bar.labels) // 2
    steps = [s for s in bar.feel() if s >= half and not bar.labels[s] & (KICK | SNARE | CRASH)]
    if bar.energy < 3 or not steps or not (bar.labels & KICK).any():  # noqa: PLR2004
        return None
    labels = bar.labels.copy()
    labels[_pick(steps, rng)] |= KICK
    return labels


def change_tone(bar: Bar, rng: np.random.Generator) -> Labels | None:
    """Play one tone off the beat on the neighbouring drum, or leave it out."""
    steps = bar.off(TOMS)
    if bar.style not in HAND_STYLES or not steps:
        return None
    step = _pick(steps, rng)
    labels = bar.labels.copy()
    tone = int(labels[step]) & TOMS
    others = [0, HIGH if tone & MID else MID]
    labels[step] = (labels[step] & ~TOMS) | others[int(rng.integers(2))]
    return labels


CHANGES: tuple[tuple[Change, float], ...] = (
    (drop_time, 3.0),
    (open_last, 2.0),
    (add_ghost, 2.0),
    (drop_ghost, 2.0),
    (move_kick, 2.0),
    (drop_kick, 1.0),
    (add_kick, 1.0),
    (change_tone, 4.0),
)


def vary(bar: Bar, rng: np.random.Generator) -> Labels:
    """The bar with one change, sometimes two: at most four steps differ; unchanged if no change fits."""
    labels = bar.labels
    for _ in range(2 if rng.random() < 0.3 else 1):  # noqa: PLR2004
        now = Bar(labels, bar.ghosts, bar.beat, bar.style, bar.energy)
        weights = np.array([weight for _, weight in CHANGES])
        for index in rng.choice(len(CHANGES), size=len(CHANGES), replace=False, p=weights / weights.sum()):
            changed = CHANGES[int(index)][0](now, rng)
            if changed is not None:
                labels = changed
                break
    return labels


def with_crash(labels: Labels, *, calm: bool) -> Labels:
    """The bar with a crash on the one, which takes the hand from hat and ride; a calm one keeps its hats."""
    struck = labels.copy()
    struck[0] |= CRASH | (0 if calm else KICK)
    if not calm:
        struck[0] &= ~TIME
    return struck


def hats_to_ride(labels: Labels) -> Labels:
    """The bar with the time moved from the closed hat to the ride, as a chorus has it."""
    moved = labels & ~HAT
    moved[(labels & HAT) != 0] |= RIDE
    return moved.astype(np.int16)
