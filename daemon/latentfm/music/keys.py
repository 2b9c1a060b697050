"""How keys are related: which may follow which, and the chord a seam stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from latentfm.brief import Key
from latentfm.music.chords import Chord, note_name, same_triad, triad, triads, written_with_flats
from latentfm.music.scales import OCTAVE, collection
from latentfm.playlist import Mode

Relation = Literal["same", "fifth", "relative", "far"]
_FIFTH: Final = 7


@dataclass(frozen=True)
class Move:
    """A key that may come next, and how it is related to the one before."""

    key: Key
    relation: Relation


def fifths_apart(one: Key, other: Key) -> int:
    """Return how many fifths lie between the scales of two keys: 0 when they share all their notes, 6 at most."""
    around = (collection(other) - collection(one)) * _FIFTH % OCTAVE
    return min(around, OCTAVE - around)


def relation(one: Key, other: Key) -> Relation:
    """Name how ``other`` is related to ``one``; "far" is what sections in a row avoid."""
    apart = fifths_apart(one, other)
    between = (other.tonic - one.tonic) % OCTAVE
    if apart > 1:
        return "far"
    if between == 0:
        return "same"
    if between in (_FIFTH, OCTAVE - _FIFTH):
        return "fifth"
    return "relative" if apart == 0 else "far"


def moves(key: Key, modes: tuple[Mode, ...]) -> tuple[Move, ...]:
    """Return the near keys in one of the modes whose chords hold the tonic of ``key``, on which the last section ends.

    There always is one: the key that shares all notes with ``key``.
    """
    keys = [Key(tonic=tonic, mode=mode) for mode in modes for tonic in range(OCTAVE)]
    named = [Move(other, relation(key, other)) for other in keys]
    return tuple(move for move in named if move.relation != "far" and _holds(move.key, triad(key, 0)))


def _holds(key: Key, chord: Chord) -> bool:
    return any(same_triad(mine, chord) for mine in triads(key))


def pivots(one: Key, other: Key) -> tuple[Chord, ...]:
    """Return the triads that both keys have, as chords of ``other``; the tonic of ``one`` comes first."""
    ours = triads(one)
    shared = [chord for chord in triads(other) if any(same_triad(chord, mine) for mine in ours)]
    tonic = triad(one, 0)
    return tuple(sorted(shared, key=lambda chord: (not same_triad(chord, tonic), chord.degree)))


def key_name(key: Key) -> str:
    """Return a key's name, such as "F# dorian"."""
    return f"{note_name(key.tonic, flats=written_with_flats(key))} {key.mode.replace('_', ' ')}"
