"""Event RNNs from NoteSequence to NoteSequence: what was played goes on.

As Magenta's generator classes, with three differences. A continuation begins where the last note ends: Magenta
starts one step after that and rounds up, and loses a note at the join (magenta #2051). What was played stays as it
was, where Magenta returns it moved into the model's range. Chords stay where they were, where Magenta moves them to
the bar that the melody begins in. Sources: magenta/models/melody_rnn/melody_rnn_sequence_generator.py,
drums_rnn/drums_rnn_sequence_generator.py, improv_rnn/improv_rnn_sequence_generator.py and
polyphony_rnn/polyphony_sequence_generator.py there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from latentfm.errors import ModelError
from latentfm.models.event_rnn.encodings import NO_CHORD
from latentfm.models.event_rnn.engine import Event, EventRNN
from latentfm.models.event_rnn.polyphony import START, STEP_END, first_steps, notes_to_events
from latentfm.models.event_rnn.polyphony_rnn import PolyphonyRNN, Voices
from latentfm.models.events import MelodyNote
from latentfm.noteseq import NoteSequence, constants, part

_ROUNDING = 1e-6  # of a step, what seconds may be off


@dataclass(frozen=True)
class Stretch:
    """The stretch of a sequence that is to be played, in seconds; without a start it begins where the notes end."""

    end: float
    start: float | None = None


@dataclass(frozen=True)
class Chance:
    """How to draw: where the draws come from, how surprising, how many candidates at once."""

    rng: np.random.Generator
    temperature: float = 1.0
    candidates: int = 1


def continue_sequence(model: EventRNN, sequence: NoteSequence, stretch: Stretch, chance: Chance) -> list[NoteSequence]:
    """Let MelodyRNN, DrumsRNN or ImprovRNN go on from what was played before a stretch.

    Args:
        model: the model; what it takes for its primer is the first instrument that plays a melody, or all drums.
        sequence: what was played, of one tempo and metre, and for ImprovRNN its chord symbols, also of the stretch.
        stretch: what to play.
        chance: how to draw.

    Returns:
        What was played before the stretch, on the model's grid, with each of the continuations.

    Raises:
        ModelError: tempo or metre change, there is nothing to go on from, notes reach into the stretch, or a chord
            is unknown to the model.
    """
    grid = _Grid(sequence, model.steps_per_quarter)
    start, end = grid.steps(stretch)
    track = _drums(grid.quantized) if model.representation == "drums" else _melody(grid.quantized)
    if not track:
        track = type(track)([], start_step=max(0, start - 1), steps_per_quarter=model.steps_per_quarter)
    track.set_length(start - track.start_step)
    primer: list[Event] = list(track)
    if not primer:
        raise ModelError("there is nothing to go on from: no notes, and no step before the stretch")
    chords = _chords(grid.quantized, track.start_step, end) if model.follows_chords else None
    drawn = model.continue_primer(
        primer, end - start, chance.rng, chance.temperature, chance.candidates, chords and list(chords)
    )
    return [_written(track, primer, continuation.events, chords, grid) for continuation in drawn]


def continue_voices(
    model: PolyphonyRNN,
    sequence: NoteSequence,
    stretch: Stretch,
    chance: Chance,
    *,
    condition_on_primer: bool = False,
    inject_primer_during_generation: bool = True,
) -> list[NoteSequence]:
    """Let PolyphonyRNN play a stretch after, or to, what was played before it.

    Args:
        model: the model.
        sequence: what was played, of one tempo and metre.
        stretch: what to play.
        chance: how to draw.
        condition_on_primer: let the network hear what was played before it plays.
        inject_primer_during_generation: put what was played into what it plays, step by step, for it to harmonise.

    Returns:
        What was played before the stretch with each of the candidates. Conditioned on, it is on the model's grid;
        otherwise it is as it was.

    Raises:
        ModelError: tempo or metre change, notes reach into the stretch, or the model never ends a step.
    """
    grid = _Grid(sequence, model.steps_per_quarter)
    start, end = grid.steps(stretch)
    notes = [
        MelodyNote(note.quantized_start_step, note.quantized_end_step - note.quantized_start_step, note.pitch)
        for note in grid.quantized.notes
    ]
    played = first_steps(notes_to_events(notes, grid.quantized.total_quantized_steps), start)
    drawn = model.generate(
        end - start,
        chance.rng,
        chance.temperature,
        chance.candidates,
        primer=played if condition_on_primer else (START,),
        given=_by_step(played) if inject_primer_during_generation else (),
    )
    if condition_on_primer:
        return [grid.voices(voices, 0, end, NoteSequence()) for voices in drawn]
    return [grid.voices(voices, start, end, sequence) for voices in drawn]


class _Grid:
    """A sequence on a model's grid."""

    def __init__(self, sequence: NoteSequence, steps_per_quarter: int) -> None:
        self.qpm = sequence.tempos[0].qpm if sequence.tempos else constants.DEFAULT_QUARTERS_PER_MINUTE
        self._step = 60.0 / self.qpm / steps_per_quarter
        sequences = part("sequences_lib")
        try:
            self.quantized = sequences.quantize_note_sequence(sequence, steps_per_quarter)
        except (
            sequences.MultipleTimeSignatureError,
            sequences.MultipleTempoError,
            sequences.BadTimeSignatureError,
            sequences.NegativeTimeError,
        ) as fault:
            raise ModelError(f"the model needs one tempo and one metre: {fault}") from fault

    def steps(self, stretch: Stretch) -> tuple[int, int]:
        """Return the first step of a stretch and the one behind its last."""
        played = max((note.quantized_end_step for note in self.quantized.notes), default=0)
        start = played if stretch.start is None else math.ceil(stretch.start / self._step - _ROUNDING)
        end = math.floor(stretch.end / self._step + _ROUNDING)
        if start < played:
            raise ModelError(f"notes reach to step {played}, into the stretch that begins at step {start}")
        if end <= start:
            raise ModelError(f"a stretch from step {start} to step {end} leaves nothing to play")
        return start, end

    def voices(self, voices: Voices, first: int, end: int, before: NoteSequence) -> NoteSequence:
        """Write voices whose steps count from step ``first`` behind what was played before."""
        written = NoteSequence()
        written.CopyFrom(before)
        if not written.tempos:
            written.tempos.add(qpm=self.qpm)
            written.ticks_per_quarter = constants.STANDARD_PPQ
        for note in voices.notes:
            onset = first + note.onset
            written.notes.add(
                start_time=onset * self._step,
                end_time=(onset + note.length) * self._step,
                pitch=note.pitch,
                velocity=100,
            )
        written.total_time = end * self._step
        return written


def _written(track: Any, primer: Sequence[Event], drawn: Sequence[Event], chords: Any, grid: _Grid) -> NoteSequence:
    """Write a primer and its continuation as notes, with the chords that they were played to."""
    whole = type(track)(
        [*primer, *drawn],
        start_step=track.start_step,
        steps_per_bar=track.steps_per_bar,
        steps_per_quarter=track.steps_per_quarter,
    )
    written: NoteSequence = whole.to_sequence(qpm=grid.qpm)
    if chords is not None:
        offset = track.start_step * 60.0 / grid.qpm / track.steps_per_quarter
        symbols = chords.to_sequence(sequence_start_time=offset, qpm=grid.qpm)
        written.text_annotations.extend(symbols.text_annotations)
    return written


def _melody(quantized: NoteSequence) -> Any:
    """Return the melody of the first instrument that has one, the highest note where several begin together."""
    melody = part("melodies_lib").Melody()
    for instrument in sorted({note.instrument for note in quantized.notes}):
        melody.from_quantized_sequence(
            quantized, instrument=instrument, gap_bars=math.inf, ignore_polyphonic_notes=True
        )
        if melody:
            break
    return melody


def _drums(quantized: NoteSequence) -> Any:
    """Return all notes as drums."""
    drums = part("drums_lib").DrumTrack()
    drums.from_quantized_sequence(quantized, gap_bars=math.inf, ignore_is_drum=True)
    return drums


def _chords(quantized: NoteSequence, first: int, end: int) -> Any:
    """Return the chord of each step from ``first`` on; before the first symbol there is none."""
    lib = part("chords_lib")
    chords = lib.ChordProgression()
    try:
        chords.from_quantized_sequence(quantized, first, end)
    except lib.CoincidentChordsError as fault:
        raise ModelError(f"two chords begin together: {fault}") from fault
    return chords or lib.ChordProgression([NO_CHORD] * (end - first))


def _by_step(events: Sequence[int]) -> list[list[int]]:
    """Return the notes of each step of a primer."""
    steps: list[list[int]] = [[]]
    for event in events[1:]:
        if event == STEP_END:
            steps.append([])
        else:
            steps[-1].append(event)
    return steps
