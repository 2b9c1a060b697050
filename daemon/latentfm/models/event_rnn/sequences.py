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
from latentfm.models.extraction import bar_steps
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


@dataclass(frozen=True)
class Continued:
    """What was played with what was drawn behind it, and the log-likelihood of the latter in nats."""

    sequence: NoteSequence
    log_likelihood: float


def bars_more(sequence: NoteSequence, bars: int, steps_per_quarter: int) -> Stretch:
    """Return the stretch from where the notes end to ``bars`` bars behind the end of the bar that they end in.

    Raises:
        ModelError: tempo or metre change, or a bar is no whole number of the model's steps.
    """
    grid = _Grid(sequence, steps_per_quarter)
    return Stretch((-(-grid.played // grid.bar) + bars) * grid.bar * grid.step)


def with_chords(sequence: NoteSequence, figures: Sequence[str], end: float, steps_per_quarter: int) -> NoteSequence:
    """Return a sequence with a chord symbol for each bar, from the first one with notes on, over and over.

    Args:
        sequence: what was played; it stays as it is.
        figures: the chords, one a bar, such as "Am".
        end: where the chords end, in seconds.
        steps_per_quarter: of the model that is to play to them.

    Raises:
        ModelError: as for `bars_more`.
    """
    grid = _Grid(sequence, steps_per_quarter)
    chorded = NoteSequence()
    chorded.CopyFrom(sequence)
    first = min((note.quantized_start_step for note in grid.quantized.notes), default=0) // grid.bar * grid.bar
    for bar, step in enumerate(range(first, math.floor(end / grid.step + _ROUNDING), grid.bar)):
        chorded.text_annotations.add(
            time=step * grid.step,
            text=figures[bar % len(figures)],
            annotation_type=NoteSequence.TextAnnotation.CHORD_SYMBOL,
        )
    return chorded


def continue_sequence(model: EventRNN, sequence: NoteSequence, stretch: Stretch, chance: Chance) -> list[Continued]:
    """Let MelodyRNN, DrumsRNN or ImprovRNN go on from what was played before a stretch.

    Args:
        model: the model; what it takes for its primer is the first instrument that plays a melody, or all drums.
        sequence: what was played, of one tempo and metre, and for ImprovRNN its chord symbols, also of the stretch.
        stretch: what to play.
        chance: how to draw.

    Returns:
        What was played before the stretch, on the model's grid, with each of the continuations.

    Raises:
        ModelError: tempo or metre change, a bar is no whole number of the model's steps, there is nothing to go on
            from, notes reach into the stretch, or a chord is unknown to the model.
    """
    grid = _Grid(sequence, model.steps_per_quarter)
    (start, end), bar = grid.steps(stretch), grid.bar
    track = _drums(grid.quantized) if model.representation == "drums" else _melody(grid.quantized)
    if not track:
        track = type(track)(
            [], start_step=max(0, start - 1), steps_per_bar=bar, steps_per_quarter=model.steps_per_quarter
        )
    track.set_length(start - track.start_step)
    primer: list[Event] = list(track)
    if not primer:
        raise ModelError("there is nothing to go on from: no notes, and no step before the stretch")
    chords = _chords(grid.quantized, track.start_step, end) if model.follows_chords else None
    drawn = model.continue_primer(
        primer, end - start, chance.rng, chance.temperature, chance.candidates, chords and list(chords)
    )
    return [
        Continued(_written(track, primer, continuation.events, chords, grid), continuation.log_likelihood)
        for continuation in drawn
    ]


def continue_voices(
    model: PolyphonyRNN,
    sequence: NoteSequence,
    stretch: Stretch,
    chance: Chance,
    *,
    condition_on_primer: bool = False,
    inject_primer_during_generation: bool = True,
) -> list[Continued]:
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
    first, before = (0, NoteSequence()) if condition_on_primer else (start, sequence)
    return [Continued(grid.voices(voices, first, end, before), voices.log_likelihood) for voices in drawn]


class _Grid:
    """A sequence on a model's grid."""

    def __init__(self, sequence: NoteSequence, steps_per_quarter: int) -> None:
        self.qpm = sequence.tempos[0].qpm if sequence.tempos else constants.DEFAULT_QUARTERS_PER_MINUTE
        self.step = 60.0 / self.qpm / steps_per_quarter  # in seconds
        sequences = part("sequences_lib")
        try:
            self.quantized = sequences.quantize_note_sequence(sequence, steps_per_quarter)
        except (
            sequences.MultipleTimeSignatureError,
            sequences.MultipleTempoError,
            sequences.BadTimeSignatureError,
            sequences.NegativeTimeError,
        ) as fault:
            raise ModelError(
                f"the model goes on in one tempo and one metre; cut off what comes before the last change: {fault}"
            ) from fault
        self.played = max((note.quantized_end_step for note in self.quantized.notes), default=0)

    @property
    def bar(self) -> int:
        """Steps of a bar."""
        bar = bar_steps(self.quantized)
        if not bar:
            metre, info = self.quantized.time_signatures[0], self.quantized.quantization_info
            raise ModelError(
                f"a bar of {metre.numerator}/{metre.denominator} is no whole number of the model's steps, "
                f"{info.steps_per_quarter} a quarter; take another model"
            )
        return bar

    def steps(self, stretch: Stretch) -> tuple[int, int]:
        """Return the first step of a stretch and the one behind its last."""
        start = self.played if stretch.start is None else math.ceil(stretch.start / self.step - _ROUNDING)
        end = math.floor(stretch.end / self.step + _ROUNDING)
        if start < self.played:
            raise ModelError(f"notes reach to step {self.played}, into the stretch that begins at step {start}")
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
        if not written.time_signatures:
            written.time_signatures.extend(self.quantized.time_signatures[:1])
        for note in voices.notes:
            onset = first + note.onset
            written.notes.add(
                start_time=onset * self.step,
                end_time=(onset + note.length) * self.step,
                pitch=note.pitch,
                velocity=100,
            )
        written.total_time = end * self.step
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
    written.time_signatures.extend(grid.quantized.time_signatures[:1])
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
