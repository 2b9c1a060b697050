"""From section to section: key and tempo of the next one, and what it is handed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from latentfm.brief import Brief, Carry, Key, LatentPoint, TailNote
from latentfm.compose.walk import Walk
from latentfm.music import keys
from latentfm.music.chords import Chord, same_triad, triad
from latentfm.music.form import FormPlan
from latentfm.music.keys import Relation
from latentfm.music.note import STEPS_PER_BAR, Note, between
from latentfm.music.progressions import chord_of, functions_of
from latentfm.playlist import Playlist, Role

_WEIGHTS: Final[dict[Relation, float]] = {"same": 2.0, "fifth": 4.0, "relative": 3.0, "far": 1.0}
_TEMPO_STEP: Final = 4.0  # qpm: how far the tempo moves from one section to the next at most
_TAIL_BARS: Final = 2
_MOTIFS: Final = 8  # older motifs that are remembered
_FINGERPRINTS: Final = 24


def next_key(brief: Brief, rng: np.random.Generator) -> tuple[Key, Relation]:
    """Draw the section's key: near the last one's, or any in one of the playlist's modes for a first section."""
    modes = brief.playlist.harmony.modes
    if brief.carry is None:
        mode = modes[int(rng.integers(len(modes)))]
        return Key(tonic=int(rng.integers(12)), mode=mode), "same"
    moves = keys.moves(brief.carry.key, modes)
    count = {move.relation: sum(other.relation == move.relation for other in moves) for move in moves}
    shares = np.array([_WEIGHTS[move.relation] / count[move.relation] for move in moves])
    move = moves[int(rng.choice(len(moves), p=shares / shares.sum()))]
    return move.key, move.relation


def next_tempo(brief: Brief, rng: np.random.Generator) -> float:
    """Draw the section's tempo in the playlist's range, a few quarter notes a minute from the last one."""
    low, high = brief.playlist.tempo.qpm
    if brief.carry is None:
        return round(float(rng.uniform(low, high)), 1)
    start = float(np.clip(brief.carry.qpm, low, high))
    move = float(rng.uniform(-_TEMPO_STEP, _TEMPO_STEP))
    if not low <= start + move <= high:
        move = -move  # turned back at the range's end, or it would stay there
    return round(float(np.clip(start + move, low, high)), 1)


def intro_chords(brief: Brief, key: Key, form: FormPlan, rng: np.random.Generator) -> tuple[Chord, ...]:
    """Return a chord for each bar of the intro: the pivot shared with the last key, then one that leads on."""
    each = brief.playlist.harmony.bars_per_chord
    pivot = triad(key, 0)
    if brief.carry is not None:
        shared = keys.pivots(brief.carry.key, key)
        pivot = shared[0] if shared else pivot
    slots = form.intro // each
    chords = [pivot] * slots
    if slots > 1:
        function = "D" if "D" not in functions_of(key, pivot.degree) else "S"
        chords[-1] = chord_of(key, function, rng, pivot.degree)
    return tuple(chord for chord in chords for _ in range(each))


def outro_chords(key: Key, form: FormPlan) -> tuple[Chord, ...]:
    """Return the tonic for each bar of the outro: every related key has its triad."""
    return (triad(key, 0),) * form.outro


def seam_chord(brief: Brief, intro: Sequence[Chord]) -> bool:
    """Say whether the section begins on the chord that the last one ended on."""
    return brief.carry is None or same_triad(intro[0], triad(brief.carry.key, 0))


def tails(voices: Mapping[Role, Sequence[Note]], form: FormPlan) -> dict[Role, tuple[TailNote, ...]]:
    """Return the last two bars of each voice before it leaves; onsets count from the start of those bars."""
    kept: dict[Role, tuple[TailNote, ...]] = {}
    for role in sorted(voices):
        end = min(max((note.end for note in voices[role]), default=0), form.body[1] * STEPS_PER_BAR)
        start = (-(-end // STEPS_PER_BAR) - _TAIL_BARS) * STEPS_PER_BAR
        inside = between(sorted(voices[role]), max(start, 0), max(end, 1))
        if inside:
            kept[role] = tuple(
                TailNote(onset=note.onset - start, length=note.length, pitch=note.pitch, velocity=note.velocity)
                for note in inside
            )
    return kept


def hand_on(
    brief: Brief,
    *,
    key: Key,
    qpm: float,
    form: FormPlan,
    places: Walk,
    drums: LatentPoint | None,
    voices: Mapping[Role, Sequence[Note]],
    fingerprints: Sequence[str],
) -> Carry:
    """Return what the next brief needs to know of this section."""
    before = brief.carry
    motifs = (*(before.motifs if before else ()), *(places.at(point) for point in range(form.points - 1)))
    heard = (*(before.fingerprints if before else ()), *fingerprints)
    return Carry(
        section=(before.section if before else 0) + 1,
        key=key,
        qpm=qpm,
        latent=places.at(form.points - 1),
        drums_latent=drums if drums is not None else (before.drums_latent if before else None),
        motifs=tuple(dict.fromkeys(motifs))[-_MOTIFS:],
        tails=tails(voices, form),
        fingerprints=heard[-_FINGERPRINTS:],
    )


def last_voicing(playlist: Playlist, carry: Carry | None) -> tuple[int, ...] | None:
    """Return the pitches on which the last section's pad ended, if it is known and this ensemble's pad can follow."""
    if carry is None or playlist.voice("pad") is None:
        return None
    notes = carry.tails.get("pad", ())
    if not notes:
        return None
    end = max(note.onset + note.length for note in notes)
    return tuple(sorted({note.pitch for note in notes if note.onset + note.length == end}))
