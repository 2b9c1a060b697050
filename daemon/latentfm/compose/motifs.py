"""Choosing motifs: the frame is fitted to the motif before the motif to the frame.

Each point of the walk has a batch of drafts. For every draft, transposition and progression of the mode's
grammar the agreement is computed at once; the best combination gives the progression and the motif.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.brief import Key
from latentfm.compose import candidates
from latentfm.compose.candidates import Batch, Floats
from latentfm.compose.memory import Memory
from latentfm.music import melody
from latentfm.music.chords import Chord, triads
from latentfm.music.note import Note
from latentfm.music.scales import OCTAVE

_CHORD_WEIGHT: Final = 6.0
_MODE_WEIGHT: Final = 18.0
_JOIN_WEIGHT: Final = 0.15  # for each semitone over a fifth between two motifs
_EASY_JOIN: Final = 7
_WIDER: Final = 1.0  # for each semitone that leaves no room to a twelfth
_STAYING: Final = 0.8  # for a join on one pitch
_LEAP: Final = 2.5  # for a join over a sixth
_LONE_LEAP: Final = 3.0  # for a leap at a join that isn't turned back by step
_KNOWN: Final = 2.5  # for a motif that was heard within the hour
_TOP: Final = 48  # drafts and transpositions that are compared in pairs
_SAME_RHYTHM: Final = 0.4  # likeness that is enough for a variation in the same rhythm
_VARIED: Final = 0.95  # likeness that a variation stays below


@dataclass(frozen=True)
class Frame:
    """What motifs are fitted into: the key, the chords it offers, steps a chord, the lead's register."""

    key: Key
    slot_steps: int
    low: int
    high: int
    centre: float
    vocabulary: tuple[Chord, ...] = field(default=())

    @classmethod
    def of(cls, key: Key, slot_steps: int, low: int, high: int, centre: float) -> Frame:
        """Make a frame with the key's triads."""
        return cls(key, slot_steps, low, high, centre, triads(key))

    def place(self, chord: Chord) -> int:
        """Return a chord's place in the vocabulary."""
        return next(index for index, known in enumerate(self.vocabulary) if known.root == chord.root)


@dataclass(frozen=True)
class Pool:
    """The drafts of one point, with their scores: ``merit`` ``[n, 12]`` by themselves, ``fit`` over each chord.

    ``fit`` is ``[n, slots, 12, chords]``: draft, place, transposition, chord of the frame's vocabulary.
    """

    batch: Batch
    semitones: NDArray[np.int64]
    merit: Floats
    fit: Floats

    @property
    def slots(self) -> int:
        """Chords that a motif lasts."""
        return int(self.fit.shape[1])

    def over(self, places: Sequence[int]) -> Floats:
        """Return the agreement with a row of chords, one a slot, ``[n, 12]``."""
        return np.asarray(sum(self.fit[:, slot, :, place] for slot, place in enumerate(places)), dtype=np.float64)


@dataclass(frozen=True)
class Choice:
    """A draft in a transposition."""

    draft: int
    up: int


@dataclass(frozen=True)
class Motif:
    """A motif as chosen: its notes from step 0, in their transposition."""

    choice: Choice
    notes: tuple[Note, ...]
    semitones: int


def pool(batch: Batch, merit: Floats, frame: Frame, *, fixed: bool = False, heard: Memory | None = None) -> Pool:
    """Score drafts against a frame.

    Args:
        batch: the drafts.
        merit: what each is worth by itself ``[n]``.
        frame: key, chords and register.
        fixed: leave the drafts in the key they are in, as answers must stay; only octaves may change.
        heard: motifs that the listener knows already; drafts like them cost.
    """
    semitones, cost = candidates.placements(batch, frame.low, frame.high, frame.centre)
    share = candidates.mode_share(batch, frame.key)
    worth = merit[:, None] - cost - _MODE_WEIGHT * np.maximum(1.0 - share, 0.0)
    if fixed:
        worth[:, 1:] = -np.inf
    if heard is not None:
        known = [heard.knows(melody.fingerprint(batch.notes(row))) for row in range(len(batch))]
        worth[np.array(known, dtype=bool)] -= _KNOWN
    table = candidates.weights(batch, frame.slot_steps)
    return Pool(batch, semitones, worth, candidates.chord_fit(table, frame.vocabulary))


def motif(drafts: Pool, choice: Choice) -> Motif:
    """Return a choice as notes."""
    semitones = int(drafts.semitones[choice.draft, choice.up])
    return Motif(choice, drafts.batch.notes(choice.draft, semitones), semitones)


def _split(total: Floats) -> Choice:
    draft, up = divmod(int(total.argmax()), OCTAVE)
    return Choice(draft, up)


def best_over(drafts: Pool, uses: Sequence[Sequence[int]]) -> tuple[Choice, float]:
    """Return the draft and transposition that agree best with all places where the motif airs, and the score."""
    total = drafts.merit + _CHORD_WEIGHT * sum(drafts.over(places) for places in uses) / max(len(uses), 1)
    choice = _split(total)
    return choice, float(total[choice.draft, choice.up])


def fixed_fit(drafts: Pool, choice: Choice, uses: Sequence[Sequence[int]]) -> float:
    """Return how well a motif that is already chosen agrees with where it airs."""
    return float(
        _CHORD_WEIGHT * sum(drafts.over(places)[choice.draft, choice.up] for places in uses) / max(len(uses), 1)
    )


def join_cost(before: Sequence[Note], after: Sequence[Note]) -> float:
    """Return what it costs to go on from one melody to another: the interval between them, and the range of both."""
    if not before or not after:
        return 0.0
    leap = after[0].pitch - before[-1].pitch
    pitches = [note.pitch for note in (*before, *after)]
    wider = max(max(pitches) - min(pitches) - melody.TWELFTH + 1, 0)
    cost = _JOIN_WEIGHT * max(abs(leap) - _EASY_JOIN, 0) + _STAYING * (leap == 0) + _WIDER * wider
    into = before[-1].pitch - before[-2].pitch if len(before) > 1 else 0
    onward = after[1].pitch - after[0].pitch if len(after) > 1 else 0
    for move, following in ((into, leap), (leap, onward)):
        if abs(move) > melody.SIXTH and not melody.turns_back(move, following):
            cost += _LONE_LEAP
    return cost + _LEAP * (abs(leap) > melody.SIXTH)


@dataclass(frozen=True)
class Joins:
    """What a motif is joined to: the lead in the bars before it, the motif after it as far as that is settled."""

    before: tuple[Note, ...] = ()
    after: tuple[Note, ...] = ()

    def cost(self, notes: Sequence[Note]) -> float:
        """Return what it costs to air these notes, from step 0, in between."""
        return join_cost(self.before, notes) + join_cost(notes, self.after)


def refine(drafts: Pool, uses: Sequence[Sequence[int]], joins: Joins, *, repeats: bool = False) -> Motif:
    """Choose a motif for the chords of all its places and for its joins.

    Args:
        drafts: the point's drafts.
        uses: the chords of each place where it airs.
        joins: what comes before and after it.
        repeats: whether it follows itself.
    """
    total = drafts.merit + _CHORD_WEIGHT * sum(drafts.over(places) for places in uses) / max(len(uses), 1)
    order = np.argsort(-total, axis=None, kind="stable")[:_TOP]
    tried = [motif(drafts, Choice(*divmod(int(place), OCTAVE))) for place in order]
    worth = [
        float(total[one.choice.draft, one.choice.up])
        - joins.cost(one.notes)
        - (join_cost(one.notes, one.notes) if repeats else 0.0)
        for one in tried
    ]
    return tried[int(np.argmax(worth))]


def variant(drafts: Pool, original: Motif, places: Sequence[int], joins: Joins, *, varied: bool) -> Motif:
    """Return what a return of a motif airs: itself, or a draft near it that fits these chords better.

    A varied return has to differ, and shares most of its interval-and-onset pairs, or its rhythm, with the original.
    """
    near = candidates.likeness(drafts.batch, original.choice.draft)
    rhythm = (drafts.batch.on == drafts.batch.on[original.choice.draft]).all(axis=1)
    up = original.choice.up
    shifted = drafts.semitones[:, up] == original.semitones
    total = drafts.merit[:, up] + _CHORD_WEIGHT * drafts.over(places)[:, up] + 2.0 * near
    allowed = ((near >= melody.VARIED_SHARE) | (rhythm & (near >= _SAME_RHYTHM))) & (near <= _VARIED) & shifted
    total = np.where(allowed, total, -np.inf)
    if not varied:
        total[original.choice.draft] = original_worth = (
            drafts.merit[original.choice.draft, up]
            + _CHORD_WEIGHT * drafts.over(places)[original.choice.draft, up]
            + 2.0
        )
        total[original.choice.draft] = original_worth + 1.0  # a return is itself unless another fits far better
    order = np.argsort(-total, kind="stable")[:8]
    tried = [motif(drafts, Choice(int(row), up)) for row in order if np.isfinite(total[row])]
    if not tried:
        return original
    worth = [float(total[one.choice.draft]) - joins.cost(one.notes) for one in tried]
    return tried[int(np.argmax(worth))]
