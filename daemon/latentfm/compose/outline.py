"""What is settled before a note is written: key, tempo and form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from latentfm.brief import Brief, Key
from latentfm.compose import continuity, recall, walk
from latentfm.compose.engine import Players
from latentfm.music import form
from latentfm.music.form import FormPlan, Size
from latentfm.music.keys import Move
from latentfm.music.note import BEATS_PER_BAR, STEPS_PER_BAR

_INSIDE: Final = (0.25, 0.75)  # where in the range of lengths a section aims
_ANSWERED: Final = 1 / 3  # chance of a short section to have one idea, with its answer
_TEMPO_GRID: Final = 0.5  # qpm


@dataclass(frozen=True)
class Outline:
    """A section's key and how it is reached, its tempo, and its form."""

    move: Move
    qpm: float
    form: FormPlan

    @property
    def key(self) -> Key:
        """Key of the section."""
        return self.move.key

    @property
    def recalls(self) -> bool:
        """Whether an older motif comes back."""
        return any(unit.source == "old" for unit in self.form.units)

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First step of each unit, and the step after it."""
        return [(unit.bar * STEPS_PER_BAR, (unit.bar + unit.bars) * STEPS_PER_BAR) for unit in self.form.units]


def draw_up(brief: Brief, players: Players, rng: np.random.Generator) -> Outline:
    """Draw up the outline of a section.

    Args:
        brief: what is asked for.
        players: the models.
        rng: where chance comes from.
    """
    playlist, vae = brief.playlist, players.melody_vae
    move = continuity.next_key(brief, rng)
    qpm, size = _length(brief, vae.steps, rng)
    recalls = form.recalls(brief.carry.section if brief.carry else 0) and bool(recall.usable(brief, vae.z_size))
    answered = bool(rng.random() < _ANSWERED)
    plan = form.plan(size, points=playlist.walk.points, recall=recalls, answered=answered)
    return Outline(move, qpm, plan)


def _length(brief: Brief, window: int, rng: np.random.Generator) -> tuple[float, Size]:
    """Draw tempo and length; a length that a brief asks for may need another tempo than the one drawn."""
    playlist = brief.playlist
    drawn, share = continuity.next_tempo(brief, rng), float(rng.uniform(*_INSIDE))
    seconds = brief.seconds or playlist.form.seconds

    def at(qpm: float) -> Size:
        offered = form.sizes(
            bar_seconds=BEATS_PER_BAR * 60.0 / qpm,
            motif_bars=walk.motif_bars(playlist, window),
            crossfade_seconds=playlist.mix.crossfade_seconds,
            bars_per_chord=playlist.harmony.bars_per_chord,
        )
        return form.choose_size(offered, seconds, share)

    tempos = [drawn]
    if brief.seconds is not None:
        low, high = continuity.tempo_range(brief)
        tempos += [round(float(qpm), 1) for qpm in np.arange(low, high, _TEMPO_GRID)]
    tried = [(qpm, at(qpm)) for qpm in tempos]
    return min(tried, key=lambda one: (one[1].miss(seconds), not one[1].whole, abs(one[0] - drawn)))
