"""From voices on the grid to one NoteSequence in seconds, with tempo, metre, key and chord symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from latentfm.brief import Key
from latentfm.music import expression, humanise, metre
from latentfm.music.chords import Chord
from latentfm.music.metre import STEPS_PER_QUARTER
from latentfm.music.note import Note
from latentfm.music.scales import collection
from latentfm.noteseq import NoteSequence, constants
from latentfm.playlist import Playlist, Role

_SPREAD: Final[dict[Role, float]] = {  # seconds, standard deviation
    "lead": 0.005,
    "counter": 0.005,
    "pad": 0.004,
    "bass": 0.003,
    "drums": 0.0015,
    "colour": 0.005,
}
_LATE: Final = 0.005  # seconds that the lead of a calm mood lingers
_DETACHED: Final = 0.94  # share of its length that a note of the lead or bass sounds
_SHORTEST: Final = 0.04  # seconds


def build(
    voices: Mapping[Role, Sequence[Note]],
    playlist: Playlist,
    *,
    key: Key,
    qpm: float,
    chords: Sequence[Chord],
    title: str,
    swells: Mapping[Role, Sequence[tuple[int, float]]],
    rng: np.random.Generator,
) -> NoteSequence:
    """Write a section as a NoteSequence.

    Args:
        voices: notes of each role, with their velocities.
        playlist: the mood; a note's instrument is the index of its voice there.
        key: for the key signature, which is that of the major scale with the same notes.
        qpm: tempo, quarter notes a minute.
        chords: one a bar.
        title: the section's name.
        swells: how a role's level moves, as steps of the grid and dB; it becomes expression (controller 11).
        rng: where the deviations in time come from.
    """
    sequence = NoteSequence(ticks_per_quarter=constants.STANDARD_PPQ)
    sequence.sequence_metadata.title = title
    sequence.tempos.add(qpm=qpm)
    beats = metre.of(playlist)
    sequence.time_signatures.add(numerator=beats.numerator, denominator=beats.denominator)
    sequence.key_signatures.add(key=collection(key), mode=NoteSequence.KeySignature.MAJOR)
    step_seconds = 60.0 / qpm / STEPS_PER_QUARTER
    calm = playlist.form.motif_stretch > 1
    for instrument, voice in enumerate(playlist.voices):
        info = sequence.instrument_infos.add()
        info.instrument, info.name = instrument, voice.role
        notes = sorted(voices.get(voice.role, ()))
        late = _LATE if calm and voice.role == "lead" else 0.0
        off = humanise.deviations(len(notes), _SPREAD[voice.role], rng, late)
        latest: dict[int, NoteSequence.Note] = {}
        held = _DETACHED if voice.role in ("lead", "bass", "counter") else 1.0
        for note, deviation in zip(notes, off, strict=True):
            start = max(humanise.swung(note.onset, playlist.tempo.swing) * step_seconds + float(deviation), 0.0)
            end = humanise.swung(note.onset + held * note.length, playlist.tempo.swing) * step_seconds
            earlier = latest.get(note.pitch)
            if earlier is not None and earlier.end_time > start:
                earlier.end_time = start  # a pitch struck again ends first, or its note off would end the new note
            latest[note.pitch] = sequence.notes.add(
                pitch=note.pitch,
                velocity=note.velocity,
                start_time=start,
                end_time=max(end, start + _SHORTEST),
                instrument=instrument,
                program=voice.program,
                is_drum=voice.role == "drums",
            )
        _swell(sequence, instrument, voice.program, swells.get(voice.role, ()), step_seconds)
    for bar, chord in enumerate(chords):
        if bar == 0 or chord != chords[bar - 1]:
            annotation = sequence.text_annotations.add()
            annotation.time = bar * beats.steps_per_bar * step_seconds
            annotation.text = chord.symbol
            annotation.annotation_type = NoteSequence.TextAnnotation.CHORD_SYMBOL
    sequence.total_time = max(
        len(chords) * beats.steps_per_bar * step_seconds, max((note.end_time for note in sequence.notes), default=0.0)
    )
    return sequence


def _swell(
    sequence: NoteSequence, instrument: int, program: int, points: Sequence[tuple[int, float]], step_seconds: float
) -> None:
    """Write a role's swell, a value wherever it moves."""
    last: int | None = None
    for step, level in points:
        value = expression.value(level)
        if value != last:
            sequence.control_changes.add(
                time=step * step_seconds,
                control_number=expression.CONTROLLER,
                control_value=value,
                instrument=instrument,
                program=program,
            )
        last = value
