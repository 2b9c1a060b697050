"""What a section takes over from the one before: a near key, a chord that both have, a tempo, the pad's voicing."""

from __future__ import annotations

from typing import Final

import numpy as np

from latentfm.brief import Brief, Carry, Key
from latentfm.music import keys
from latentfm.music.chords import Chord, triad
from latentfm.music.form import FormPlan
from latentfm.music.keys import Move, Relation
from latentfm.music.progressions import chord_of, functions_of
from latentfm.playlist import Playlist

_WEIGHTS: Final[dict[Relation, float]] = {"same": 2.0, "fifth": 4.0, "relative": 3.0}
_TEMPO_STEP: Final = 4.0  # qpm: how far the tempo moves from one section to the next at most


def next_key(brief: Brief, rng: np.random.Generator) -> Move:
    """Draw the section's key: near the last one's, or any in one of the playlist's modes for a first section."""
    modes = brief.playlist.harmony.modes
    if brief.carry is None:
        mode = modes[int(rng.integers(len(modes)))]
        return Move(Key(tonic=int(rng.integers(12)), mode=mode), "same")
    moves = keys.moves(brief.carry.key, modes)
    count = {move.relation: sum(other.relation == move.relation for other in moves) for move in moves}
    shares = np.array([_WEIGHTS[move.relation] / count[move.relation] for move in moves])
    return moves[int(rng.choice(len(moves), p=shares / shares.sum()))]


def tempo_range(brief: Brief) -> tuple[float, float]:
    """Return the slowest and the fastest tempo that the section may have: the playlist's, near the last section's."""
    low, high = brief.playlist.tempo.qpm
    if brief.carry is None:
        return low, high
    start = float(np.clip(brief.carry.qpm, low, high))
    return max(low, start - _TEMPO_STEP), min(high, start + _TEMPO_STEP)


def next_tempo(brief: Brief, rng: np.random.Generator) -> float:
    """Draw the section's tempo in the playlist's range, a few quarter notes a minute from the last one."""
    return round(float(rng.uniform(*tempo_range(brief))), 1)


def pivot(brief: Brief, key: Key) -> Chord:
    """Return the chord that the seam stands on: the tonic of the last key as a chord of this one, or its own."""
    return keys.pivots(brief.carry.key, key)[0] if brief.carry is not None else triad(key, 0)


def intro_chords(brief: Brief, key: Key, form: FormPlan, rng: np.random.Generator) -> tuple[Chord, ...]:
    """Return a chord for each bar of the intro: the pivot shared with the last key, then one that leads on."""
    each = brief.playlist.harmony.bars_per_chord
    shared = pivot(brief, key)
    slots = form.intro // each
    chords = [shared] * slots
    if slots > 1:
        function = "D" if "D" not in functions_of(key, shared.degree) else "S"
        chords[-1] = chord_of(key, function, rng, shared.degree)
    return tuple(chord for chord in chords for _ in range(each))


def outro_chords(key: Key, form: FormPlan) -> tuple[Chord, ...]:
    """Return the tonic for each bar of the outro: every related key has its triad."""
    return (triad(key, 0),) * form.outro


def last_voicing(playlist: Playlist, carry: Carry | None) -> tuple[int, ...] | None:
    """Return the pitches on which the last section's pad ended, if it is known and this ensemble's pad can follow."""
    if carry is None or playlist.voice("pad") is None:
        return None
    notes = carry.tails.get("pad", ())
    if not notes:
        return None
    end = max(note.onset + note.length for note in notes)
    return tuple(sorted({note.pitch for note in notes if note.onset + note.length == end}))
