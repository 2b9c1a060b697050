"""What is settled before a note is written: key, tempo and form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from latentfm.brief import Brief, Key
from latentfm.compose import continuity, recall, walk
from latentfm.compose.engine import Players
from latentfm.music import form, metre
from latentfm.music.form import FormPlan, Size
from latentfm.music.keys import Move
from latentfm.music.metre import Metre

_INSIDE: Final = (0.25, 0.75)  # where in the range of lengths a section aims
TRIO_UNIT_BARS: Final = 2  # bars of a trio that are looked at as one motif
_ANSWERED: Final = 1 / 3  # chance of a short section to have one idea, with its answer
_TEMPO_GRID: Final = 0.5  # qpm


@dataclass(frozen=True)
class Outline:
    """A section's key and how it is reached, its metre, its tempo, and its form."""

    move: Move
    metre: Metre
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
        bar = self.metre.steps_per_bar
        return [(unit.bar * bar, (unit.bar + unit.bars) * bar) for unit in self.form.units]


def draw_up(brief: Brief, players: Players, rng: np.random.Generator) -> Outline:
    """Draw up the outline of a section.

    Args:
        brief: what is asked for.
        players: the models.
        rng: where chance comes from.
    """
    playlist, vae = brief.playlist, players.melody_vae
    beats, move = metre.of(playlist), continuity.next_key(brief, rng)
    if playlist.models.trio:
        together = beats.bar(vae.steps) // TRIO_UNIT_BARS
        qpm, size = _length(brief, TRIO_UNIT_BARS, rng, together)
        return Outline(move, beats, qpm, form.plan_blocks(size, together))
    qpm, size = _length(brief, walk.motif_bars(playlist, vae.steps), rng)
    recalls = form.recalls(brief.carry.section if brief.carry else 0) and bool(recall.usable(brief))
    answered = bool(rng.random() < _ANSWERED)
    plan = form.plan(size, points=playlist.walk.points, recall=recalls, answered=answered)
    return Outline(move, beats, qpm, plan)


def _length(brief: Brief, motif_bars: int, rng: np.random.Generator, together: int = 1) -> tuple[float, Size]:
    """Draw tempo and length; a length that a brief asks for may need another tempo than the one drawn."""
    playlist = brief.playlist
    drawn, share = continuity.next_tempo(brief, rng), float(rng.uniform(*_INSIDE))
    seconds = brief.seconds or playlist.form.seconds

    def at(qpm: float) -> Size:
        offered = form.sizes(
            bar_seconds=metre.of(playlist).bar_seconds(qpm),
            motif_bars=motif_bars,
            crossfade_seconds=playlist.mix.crossfade_seconds,
            bars_per_chord=playlist.harmony.bars_per_chord,
            together=together,
        )
        return form.choose_size(offered, seconds, share)

    tempos = [drawn]
    if brief.seconds is not None:
        low, high = continuity.tempo_range(brief)
        tempos += [round(float(qpm), 1) for qpm in np.arange(low, high, _TEMPO_GRID)]
    tried = [(qpm, at(qpm)) for qpm in tempos]
    return min(tried, key=lambda one: (one[1].miss(seconds), not one[1].whole, abs(one[0] - drawn)))
