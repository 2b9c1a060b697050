"""Many drafts of a motif at once: labels read into arrays, and scored without a loop over notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from latentfm.brief import Key
from latentfm.models.events import FIRST_PITCH_LABEL, HOLD, MIN_PITCH
from latentfm.music.chords import Chord
from latentfm.music.melody import SIXTH
from latentfm.music.metre import Metre
from latentfm.music.note import Note
from latentfm.music.scales import OCTAVE, mask

Floats = NDArray[np.float64]
_NO_INTERVAL: Final = 99
_COMFORTABLE_RANGE: Final = 12  # semitones; a motif that spans more is hard to sing
_NARROW: Final = 4
_STEP: Final = 2
_LAST_NOTE_WEIGHT: Final = 0.6
_EVEN: Final = 0.6  # what it costs a motif to have notes of one length only: slow ones of that kind are all alike
_RUB: Final = -1.0  # what a note a semitone above a chord tone counts


@dataclass(frozen=True)
class Batch:
    """Drafts of one motif.

    Attributes:
        on: where notes begin, bool ``[n, steps]``.
        pitch: their MIDI pitches, int ``[n, steps]``; 0 where none begins.
        length: their lengths in steps as the model wrote them, int ``[n, steps]``.
        likelihood: log-likelihood a step ``[n]``.
        stretch: how many steps of the section each step lasts.
        metre: of the section.
    """

    on: NDArray[np.bool_]
    pitch: NDArray[np.int64]
    length: NDArray[np.int64]
    likelihood: Floats
    stretch: int
    metre: Metre

    def __len__(self) -> int:
        return len(self.on)

    @property
    def steps(self) -> int:
        """Steps of the model in a draft."""
        return int(self.on.shape[1])

    @property
    def counts(self) -> NDArray[np.int64]:
        """Notes in each draft ``[n]``."""
        counted: NDArray[np.int64] = self.on.sum(axis=1)
        return counted

    def notes(self, index: int, semitones: int = 0) -> tuple[Note, ...]:
        """Return a draft as notes of the section's grid, from step 0."""
        steps = np.flatnonzero(self.on[index])
        return tuple(
            Note(
                int(step) * self.stretch,
                int(self.length[index, step]) * self.stretch,
                int(self.pitch[index, step]) + semitones,
            )
            for step in steps
        )


def read(labels: NDArray[Any], likelihood: NDArray[Any], *, stretch: int, steps: int, metre: Metre) -> Batch:
    """Read melody labels ``[n, window]`` as drafts of ``steps`` steps; shorter ones take a part of a window."""
    window = labels.shape[1]
    parts = [labels[:, first : first + steps] for first in range(0, window - steps + 1, steps)]
    stacked = np.concatenate(parts).astype(np.int64)
    on = stacked >= FIRST_PITCH_LABEL
    pitch = np.where(on, stacked - FIRST_PITCH_LABEL + MIN_PITCH, 0)
    length = np.zeros_like(stacked)
    following = np.full(len(stacked), steps)
    for step in range(steps - 1, -1, -1):
        length[:, step] = np.where(on[:, step], following - step, 0)
        following = np.where(stacked[:, step] != HOLD, step, following)
    rows = np.tile(np.asarray(likelihood, dtype=np.float64) / window, len(parts))
    return Batch(on, pitch, length, rows, stretch, metre)


def join(batches: list[Batch]) -> Batch:
    """Return several batches of one size as one."""
    return Batch(
        np.concatenate([batch.on for batch in batches]),
        np.concatenate([batch.pitch for batch in batches]),
        np.concatenate([batch.length for batch in batches]),
        np.concatenate([batch.likelihood for batch in batches]),
        batches[0].stretch,
        batches[0].metre,
    )


def steps_from_before(batch: Batch) -> NDArray[np.int64]:
    """Return each note's interval from the note before it, ``[n, steps]``; 99 where there is none."""
    moves = np.full(batch.on.shape, _NO_INTERVAL, dtype=np.int64)
    last = np.zeros(len(batch), dtype=np.int64)
    for step in range(batch.steps):
        here = batch.on[:, step]
        known = here & (last > 0)
        moves[known, step] = batch.pitch[known, step] - last[known]
        last = np.where(here, batch.pitch[:, step], last)
    return moves


def turning_back(batch: Batch, moves: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which notes are left by step against the direction that led to them, bool ``[n, steps]``."""
    back = np.zeros(batch.on.shape, dtype=bool)
    following = np.zeros(len(batch), dtype=np.int64)
    for step in range(batch.steps - 1, -1, -1):
        here = batch.on[:, step]
        stepwise = (np.abs(following) > 0) & (np.abs(following) <= _STEP)
        back[:, step] = here & stepwise & (np.sign(following) == -np.sign(moves[:, step]))
        following = np.where(here, np.where(moves[:, step] == _NO_INTERVAL, 0, moves[:, step]), following)
    return back


def likeness(batch: Batch, index: int) -> Floats:
    """Return the share of interval-and-onset pairs that each draft has in common with one of them, ``[n]``."""
    moves = steps_from_before(batch)
    shared = (batch.on & batch.on[index] & (moves == moves[index])).sum(axis=1)
    most = np.maximum(np.maximum(batch.counts, batch.counts[index]), 1)
    return np.asarray(shared / most, dtype=np.float64)


def rhythm_likeness(batch: Batch, onsets: NDArray[np.bool_]) -> Floats:
    """Return how much of its rhythm each draft shares with a row of onsets: common ones among all, ``[n]``."""
    together = (batch.on & onsets).sum(axis=1)
    either = np.maximum((batch.on | onsets).sum(axis=1), 1)
    return np.asarray(together / either, dtype=np.float64)


def fitness(batch: Batch, notes_per_bar: tuple[float, float], rest_share: tuple[float, float]) -> Floats:
    """Score drafts by themselves, ``[n]``; 0 is flawless, a fault of weight costs about 1.

    Density and rests as the mood wants them, a singable range, few leaps and those turned back, no note that
    stays, an end that leaves room to breathe, and what the model itself thinks of it.
    """
    bars = batch.steps * batch.stretch / batch.metre.steps_per_bar
    density = batch.counts / bars
    low, high = _inside(*notes_per_bar)
    score = -1.5 * np.maximum(low - density, 0) - 1.0 * np.maximum(density - high, 0)
    empty = batch.counts < 2  # noqa: PLR2004 - one note is no motif
    lowest = np.where(batch.on, batch.pitch, 127).min(axis=1)
    highest = batch.pitch.max(axis=1)
    spread = highest - lowest
    score -= 0.25 * np.maximum(spread - _COMFORTABLE_RANGE, 0) + 0.3 * np.maximum(_NARROW - spread, 0)
    moves = steps_from_before(batch)
    known = moves != _NO_INTERVAL
    wide = known & (np.abs(moves) > SIXTH)
    same = known & (moves == 0)
    score -= (
        1.2 * wide.sum(axis=1)
        + 1.0 * (wide & ~turning_back(batch, moves)).sum(axis=1)
        + 4.0 * np.maximum(same.sum(axis=1) / np.maximum(batch.counts, 1) - 0.25, 0)
    )
    silent = 1.0 - batch.length.sum(axis=1) / batch.steps
    score -= 4.0 * np.maximum(silent - rest_share[1], 0)
    last = batch.steps - 1 - np.argmax(batch.on[:, ::-1], axis=1)
    room = (batch.steps - last) / batch.steps
    score += 4.0 * np.minimum(room, 0.25)
    score -= 2.0 * np.maximum(batch.length.max(axis=1) / batch.steps - 0.4, 0)
    shortest = np.where(batch.on, batch.length, batch.steps).min(axis=1)
    score -= _EVEN * (shortest == batch.length.max(axis=1))
    first = np.argmax(batch.on, axis=1)
    score -= 1.0 * np.maximum(first / batch.steps - 0.125, 0) * 8
    centred = batch.likelihood - np.median(batch.likelihood)
    score += 0.3 * np.clip(centred / max(float(np.std(centred)), 1e-6), -2, 2)
    return np.asarray(np.where(empty, -50.0, score), dtype=np.float64)


def _inside(low: float, high: float) -> tuple[float, float]:
    """Narrow a range by a fifth of its width at both ends: single motifs aim inside what the whole must keep to."""
    margin = (high - low) / 5
    return low + margin, high - margin


def weights(batch: Batch, slot_steps: int) -> Floats:
    """Return how much each pitch class weighs in each chord's time, ``[n, slots, 12]``.

    Strong beats and long notes weigh most; so does the last note.
    """
    grid, metre = np.arange(batch.steps) * batch.stretch, batch.metre
    beat = np.array([1.0 if metre.is_strong(step) else 0.3 if metre.is_beat(step) else 0.08 for step in grid.tolist()])
    held = np.minimum(batch.length * batch.stretch, metre.half) / metre.half
    weight = batch.on * (beat[None, :] + 0.5 * held)
    last = batch.steps - 1 - np.argmax(batch.on[:, ::-1], axis=1)
    weight[np.arange(len(batch)), last] += _LAST_NOTE_WEIGHT
    slot = grid // slot_steps
    table = np.zeros((len(batch), int(slot[-1]) + 1, OCTAVE))
    rows, steps = np.nonzero(batch.on)
    np.add.at(table, (rows, slot[steps], batch.pitch[rows, steps] % OCTAVE), weight[rows, steps])
    return table


def chord_values(chord: Chord) -> Floats:
    """Return what each pitch class is worth over a chord ``[12]``: 1 a tone, -1 a semitone above one, else 0."""
    tones = chord.mask().astype(np.float64)
    return np.where(tones > 0, 1.0, np.where(np.roll(tones, 1) > 0, _RUB, 0.0))


def turned(values: NDArray[Any]) -> NDArray[Any]:
    """Return values of pitch classes ``[..., 12]`` for each transposition ``[..., 12 up, 12]``."""
    index = (np.arange(OCTAVE)[None, :] + np.arange(OCTAVE)[:, None]) % OCTAVE
    return values[..., index]


def mode_share(batch: Batch, key: Key) -> Floats:
    """Return the share of each draft's notes that are in the key after each transposition, ``[n, 12]``."""
    table = np.zeros((len(batch), OCTAVE))
    rows, steps = np.nonzero(batch.on)
    np.add.at(table, (rows, batch.pitch[rows, steps] % OCTAVE), 1.0)
    share = table @ turned(mask(key).astype(np.float64)).T
    return np.asarray(share / np.maximum(batch.counts, 1)[:, None], dtype=np.float64)


def chord_fit(table: Floats, chords: tuple[Chord, ...]) -> Floats:
    """Return how well drafts agree with each chord in each slot and transposition, ``[n, slots, 12, chords]``."""
    worth = np.stack([turned(chord_values(chord)) for chord in chords])  # [chords, 12 up, 12]
    fit = np.einsum("nsp,ctp->nstc", table, worth, optimize=True)
    total = np.maximum(table.sum(axis=(1, 2)), 1e-9)
    return np.asarray(fit / total[:, None, None, None], dtype=np.float64)


def placements(batch: Batch, low: int, high: int, centre: float) -> tuple[NDArray[np.int64], Floats]:
    """Return the semitones that bring each draft and transposition nearest to ``centre``, and what they cost."""
    counts = np.maximum(batch.counts, 1)
    mean = batch.pitch.sum(axis=1) / counts
    up = np.arange(OCTAVE)[None, :]
    semitones = up + OCTAVE * np.rint((centre - mean[:, None] - up) / OCTAVE).astype(np.int64)
    lowest = np.where(batch.on, batch.pitch, 127).min(axis=1)[:, None] + semitones
    highest = batch.pitch.max(axis=1)[:, None] + semitones
    outside = np.maximum(low - lowest, 0) + np.maximum(highest - high, 0)
    cost = 1.2 * outside + 0.12 * np.abs(mean[:, None] + semitones - centre)
    return semitones, np.asarray(cost, dtype=np.float64)
