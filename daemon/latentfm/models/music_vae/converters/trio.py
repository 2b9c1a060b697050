"""Trios: melody, bass and drums, told apart by their programs.

Source: TrioConverter in magenta/models/music_vae/data.py.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from latentfm.models.events import Labels
from latentfm.models.music_vae.configurations import BASS_PROGRAMS, MELODY_PROGRAMS
from latentfm.models.music_vae.converters import base
from latentfm.models.music_vae.converters.drums import DrumsConverter
from latentfm.models.music_vae.converters.melody import MelodyConverter
from latentfm.noteseq import NoteSequence

ELECTRIC_BASS: Final = 33
DRUM_INSTRUMENT: Final = 9
_INSTRUMENTS: Final = 128
_Kind = Literal["melody", "bass", "drums", "none"]
_KINDS: Final[tuple[_Kind, ...]] = ("melody", "bass", "drums")


@dataclass(frozen=True)
class TrioConverter:
    """Trios to windows ``[steps, 3]`` and back; every melody with every bass and every drum kit that play together."""

    slice_bars: int = 16
    steps_per_bar: int = 16
    gap_bars: int = 2
    max_bars: int = 1024

    def windows(
        self, sequence: NoteSequence, limit: int | None = None, rng: np.random.Generator | None = None
    ) -> list[Labels]:
        """Return the windows of a NoteSequence; see `base.Converter`."""
        return base.of_each_part(sequence, self._windows, limit, rng)

    def first(self, sequence: NoteSequence) -> Labels | None:
        """Return the first window of a NoteSequence; see `base.Converter`."""
        return next(iter(self.windows(sequence)), None)

    def sequence(self, labels: Labels) -> NoteSequence:
        """Return the NoteSequence of one window ``[steps, 3]``, at 120 quarters a minute."""
        melody, bass = (self._melodies().sequence(labels[:, part]) for part in range(2))
        drums = self._drums().sequence(labels[:, 2])
        for note in bass.notes:
            note.instrument, note.program = 1, ELECTRIC_BASS
        for note in drums.notes:
            note.instrument = DRUM_INSTRUMENT
        melody.notes.extend(bass.notes)
        melody.notes.extend(drums.notes)
        melody.total_time = max(melody.total_time, bass.total_time, drums.total_time)
        return melody

    def _windows(self, sequence: NoteSequence) -> list[Labels]:
        found = base.quantised(sequence, self.steps_per_bar)
        if found is None:
            return []
        bars = min(-(-found.total_quantized_steps // self.steps_per_bar), self.max_bars)
        kinds, covered = self._instruments(found, bars)
        if len(set(kinds.values()) - {"none"}) < len(_KINDS):
            return []
        # as long as the whole, so that every part is padded to it
        sequence.total_time = bars * self.steps_per_bar * 60 / sequence.tempos[0].qpm / base.STEPS_PER_QUARTER
        encoded: dict[int, Labels] = {}
        for instrument, kind in kinds.items():
            if kind == "none":
                continue
            converter = self._drums() if kind == "drums" else self._melodies()
            windows = converter.windows(_only(sequence, instrument))
            if windows:
                encoded[instrument] = windows[0]
            else:
                covered[:, instrument] = False
        near = np.stack(
            [covered[max(0, bar - self.gap_bars) : bar + self.gap_bars + 1].any(axis=0) for bar in range(bars)]
        )
        groups = product(*([one for one, kind in kinds.items() if kind == wanted] for wanted in _KINDS))
        return [window for group in groups for window in self._together(group, near, encoded)]

    def _instruments(self, found: NoteSequence, bars: int) -> tuple[dict[int, _Kind], NDArray[np.bool_]]:
        """Return each instrument's kind, "none" for one of several kinds, and in which bars it plays."""
        kinds: dict[int, _Kind] = {}
        covered = np.zeros((bars, _INSTRUMENTS), np.bool_)
        for note in found.notes:
            if note.instrument >= _INSTRUMENTS:
                continue
            kind = _kind(note)
            kinds[note.instrument] = kind if kinds.get(note.instrument, kind) == kind else "none"
            first = note.quantized_start_step // self.steps_per_bar
            covered[first : -(-note.quantized_end_step // self.steps_per_bar), note.instrument] = True
        return dict(sorted(kinds.items())), covered

    def _together(self, group: tuple[int, ...], near: NDArray[np.bool_], encoded: dict[int, Labels]) -> list[Labels]:
        """Return the windows in which all of a group play; at both ends it is enough if one of them does."""
        if not all(instrument in encoded for instrument in group):
            return []
        playing: NDArray[np.bool_] = np.all(near[:, group], axis=1)
        playing[: self.gap_bars] = near[: self.gap_bars, group].any()
        playing[-self.gap_bars :] = near[-self.gap_bars :, group].any()
        windows = []
        for bar in range(len(playing) - self.slice_bars + 1):
            if playing[bar : bar + self.slice_bars].all():
                steps = slice(bar * self.steps_per_bar, (bar + self.slice_bars) * self.steps_per_bar)
                windows.append(np.stack([encoded[instrument][steps] for instrument in group], axis=1))
        return windows

    def _melodies(self) -> MelodyConverter:
        return MelodyConverter(**self._whole())

    def _drums(self) -> DrumsConverter:
        return DrumsConverter(**self._whole())

    def _whole(self) -> dict[str, Any]:
        """Return how a part is read: whole, and as long as the NoteSequence."""
        lengths = dict.fromkeys(("slice_bars", "max_bars", "gap_bars"))
        return {**lengths, "steps_per_bar": self.steps_per_bar, "pad_to_total_time": True, "presplit": False}


def _kind(note: NoteSequence.Note) -> _Kind:
    if note.is_drum:
        return "drums"
    if note.program in MELODY_PROGRAMS:
        return "melody"
    return "bass" if note.program in BASS_PROGRAMS else "none"


def _only(sequence: NoteSequence, instrument: int) -> NoteSequence:
    alone = copy.deepcopy(sequence)
    del alone.notes[:]
    alone.notes.extend(note for note in sequence.notes if note.instrument == instrument)
    return alone
