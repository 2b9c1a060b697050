"""What is settled before a note is written: key, tempo, form, and the walk through latent space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from latentfm.brief import Brief, Key
from latentfm.compose import continuity, walk
from latentfm.compose.engine import Players
from latentfm.compose.walk import Walk
from latentfm.music import form
from latentfm.music.form import FormPlan
from latentfm.music.keys import Relation
from latentfm.music.note import BEATS_PER_BAR, STEPS_PER_BAR


@dataclass(frozen=True)
class Outline:
    """A section's key and how it is related to the last one's, its tempo, its form and its walk."""

    key: Key
    relation: Relation
    qpm: float
    form: FormPlan
    walk: Walk

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First step of each unit, and the step after it."""
        return [(unit.bar * STEPS_PER_BAR, (unit.bar + unit.bars) * STEPS_PER_BAR) for unit in self.form.units]


def draw_up(brief: Brief, players: Players, rng: np.random.Generator, walking: np.random.Generator) -> Outline:
    """Draw up the outline of a section.

    Args:
        brief: what is asked for.
        players: the models.
        rng: where key, tempo and form come from.
        walking: where the walk comes from.

    Raises:
        ComposeError: the carry comes from another latent space.
        MidiError: an anchor can't be used.
    """
    playlist, carry = brief.playlist, brief.carry
    key, relation = continuity.next_key(brief, rng)
    qpm = continuity.next_tempo(brief, rng)
    can_recall = carry is not None and any(len(motif) == players.melody_vae.z_size for motif in carry.motifs)
    plan = form.plan(
        bar_seconds=BEATS_PER_BAR * 60.0 / qpm,
        seconds=playlist.form.seconds,
        motif_bars=walk.motif_bars(playlist, players.melody_vae.steps),
        crossfade_seconds=playlist.mix.crossfade_seconds,
        bars_per_chord=playlist.harmony.bars_per_chord,
        points=playlist.walk.points,
        section=carry.section if carry else 0,
        can_recall=can_recall,
        rng=rng,
    )
    recall = any(unit.source == "old" for unit in plan.units)
    places = walk.plan(brief, players.melody_vae, plan.points, key, walking, recall=recall)
    return Outline(key, relation, qpm, plan, places)
