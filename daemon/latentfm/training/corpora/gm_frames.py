"""Frames of the General MIDI instruments: what training draws, and what is held out by pitch and by instrument."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from latentfm.training.corpora.gm_notes import PITCHES, PROGRAMS, Notes, pitch_of

HELD_OUT_PLACES: Final = (3, 9, 15)
"""Pitches of every program that are not learnt from."""

HELD_OUT_PROGRAMS: Final = tuple(range(5, PROGRAMS, 8))
"""Programs that are not learnt from: one of each family."""

_SOUNDING = 0.25  # a frame's loudest level; of the quieter ones, most of which are silence, few are drawn
_SILENT_SHARE = 0.05
_REACH = 2  # places that the other pitch is away, at most

Rows = tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]


@dataclass(frozen=True)
class GmFrames:
    """All frames, ``[PROGRAMS, PITCHES, VELOCITIES, KEPT, FEATURES]``."""

    notes: Notes

    @cached_property
    def _sounding(self) -> NDArray[np.bool_]:
        sounding: NDArray[np.bool_] = self.notes[..., :-1].max(axis=-1) > _SOUNDING
        return sounding

    def draw(self, rng: np.random.Generator, size: int) -> Rows:
        """Draw frames to learn from; row 2n and row 2n + 1 are of the same place, so at most three semitones apart.

        Returns:
            Frames float32 ``[size, FEATURES]``, pitches ``[size, 1]``; the same moments at another pitch, and that.
        """
        programs = _without(range(PROGRAMS), HELD_OUT_PROGRAMS)
        places = _without(range(PITCHES), HELD_OUT_PLACES)
        return self._drawn(rng, size, programs, places, places)

    def of_unseen_pitches(self, size: int) -> Rows:
        """Return some frames of pitches that are not learnt from, the same each time."""
        programs = _without(range(PROGRAMS), HELD_OUT_PROGRAMS)
        everywhere = np.arange(PITCHES)
        return self._drawn(np.random.default_rng(0), size, programs, np.array(HELD_OUT_PLACES), everywhere)

    def of_unseen_programs(self, size: int) -> Rows:
        """Return some frames of programs that are not learnt from, the same each time."""
        everywhere = np.arange(PITCHES)
        return self._drawn(np.random.default_rng(1), size, np.array(HELD_OUT_PROGRAMS), everywhere, everywhere)

    def _drawn(
        self,
        rng: np.random.Generator,
        size: int,
        programs: NDArray[np.int64],
        places: NDArray[np.int64],
        others: NDArray[np.int64],
    ) -> Rows:
        velocities, frames = self.notes.shape[2:4]
        found: list[NDArray[np.int64]] = []
        while sum(map(len, found)) < size // 2:
            place = np.repeat(rng.choice(places, size), 2)
            at = (
                rng.choice(programs, 2 * size),
                place,
                *(rng.integers(0, end, 2 * size) for end in (velocities, frames)),
            )
            kept = (self._sounding[at] | (rng.random(2 * size) < _SILENT_SHARE)).reshape(-1, 2).all(axis=1)
            found.append(np.stack(at, axis=1).reshape(-1, 2, 4)[kept])
        program, place, velocity, frame = np.concatenate(found)[: size // 2].reshape(-1, 4).T
        near = np.clip(place + rng.integers(-_REACH, _REACH + 1, len(place)), 0, PITCHES - 1)
        there = np.isin(near, others) & self._sounding[program, near, velocity].any(axis=1)
        near = np.where(there, near, place)
        return (
            self.notes[program, place, velocity, frame].astype(np.float32),
            _pitches(program, place),
            self.notes[program, near, velocity, frame].astype(np.float32),
            _pitches(program, near),
        )


def _without(all_of: range, some: tuple[int, ...]) -> NDArray[np.int64]:
    return np.array([one for one in all_of if one not in some])


def _pitches(programs: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.float32]:
    pairs = zip(programs.tolist(), places.tolist(), strict=True)
    return np.array([[pitch_of(program, place)] for program, place in pairs], np.float32)
