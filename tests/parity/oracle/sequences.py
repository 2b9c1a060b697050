"""NoteSequences of all sorts, for the converters: what they take, and what they have to refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
from note_seq.protobuf import music_pb2

DRUMS = (36, 38, 42, 46, 45, 48, 50, 49, 51, 35, 40, 44, 56, 81, 92)  # the last is of no class
SCALE = (0, 2, 4, 5, 7, 9, 11)


class Writer:
    """Writes notes at sixteenths of a tempo."""

    def __init__(self, qpm: float = 120.0, metre: tuple[int, int] = (4, 4)) -> None:
        self.sequence = music_pb2.NoteSequence(ticks_per_quarter=220)
        self.sequence.tempos.add(qpm=qpm)
        self.sequence.time_signatures.add(numerator=metre[0], denominator=metre[1])
        self.step = 15.0 / qpm

    def note(self, start: float, length: float, pitch: int, **fields: Any) -> None:
        """Add a note; times are in sixteenths."""
        begin, end = start * self.step, (start + length) * self.step
        self.sequence.notes.add(pitch=pitch, velocity=90, start_time=begin, end_time=end, **fields)
        self.sequence.total_time = max(self.sequence.total_time, end)

    def melody(self, rng: Any, steps: range, low: int = 60, **fields: Any) -> None:
        """Add one voice, with rests here and there."""
        at = steps.start
        while at < steps.stop:
            length = int(rng.choice([1, 2, 2, 3, 4, 6]))
            length = min(length, steps.stop - at)
            if rng.random() < 0.85:
                pitch = low + int(rng.choice(SCALE)) + 12 * int(rng.integers(0, 2))
                self.note(at, length, pitch, **fields)
            at += length

    def drums(self, rng: Any, steps: range, instrument: int = 9, density: float = 0.3) -> None:
        """Add strokes of many kinds, several together."""
        for at in steps:
            for pitch in DRUMS:
                if rng.random() < density / 3:
                    self.note(at, 1, pitch, instrument=instrument, is_drum=True)


def melody(rng: Any) -> Any:
    """Four bars of one voice, piano."""
    writer = Writer()
    writer.melody(rng, range(64))
    return writer.sequence


def polyphonic(rng: Any) -> Any:
    """Eight bars of chords and overlapping notes in one instrument."""
    writer = Writer(96.0)
    for at in range(0, 128, 2):
        for _ in range(int(rng.integers(0, 4))):
            writer.note(at, int(rng.integers(1, 9)), int(rng.integers(40, 85)))
    return writer.sequence


def kit(rng: Any) -> Any:
    """Eight bars of drums, and a bass that is none."""
    writer = Writer()
    writer.drums(rng, range(128))
    writer.melody(rng, range(128), 36, program=33, instrument=1)
    return writer.sequence


def trio(rng: Any, bars: int = 20, qpm: float = 120.0, metre: tuple[int, int] = (4, 4)) -> Any:
    """Melody, bass and drums from beginning to end."""
    writer = Writer(qpm, metre)
    steps = range(bars * 16 * metre[0] // metre[1])
    writer.melody(rng, steps, 60, instrument=0)
    writer.melody(rng, steps, 36, instrument=1, program=33)
    writer.drums(rng, steps, density=0.15)
    return writer.sequence


def orchestra(rng: Any) -> Any:
    """Two melodies, two basses, drums, strings that are neither, and an instrument of two programs; 18 bars."""
    writer = Writer(140.0)
    for instrument, (low, program) in enumerate([(60, 0), (55, 24), (36, 32), (40, 39), (60, 48)]):
        writer.melody(rng, range(18 * 16), low, instrument=instrument, program=program)
    writer.melody(rng, range(64), 60, instrument=5, program=0)
    writer.melody(rng, range(64, 128), 40, instrument=5, program=33)
    writer.drums(rng, range(18 * 16), density=0.1)
    return writer.sequence


def gaps(rng: Any) -> Any:
    """A trio of 24 bars whose parts pause, one for longer than gaps may be."""
    writer = Writer(100.0)
    for start, stop in ((0, 160), (208, 384)):
        writer.melody(rng, range(start, stop), 60, instrument=0)
    writer.melody(rng, range(32, 384), 36, instrument=1, program=34)
    for start, stop in ((0, 64), (256, 384)):
        writer.drums(rng, range(start, stop), density=0.15)
    return writer.sequence


def pickup(rng: Any) -> Any:
    """A melody that begins before the bar, in a tempo that is no round number."""
    writer = Writer(87.3)
    writer.melody(rng, range(13, 70))
    return writer.sequence


def off_grid(rng: Any) -> Any:
    """A melody and drums played by hand: every time a little off."""
    writer = Writer(108.0)
    for at in range(0, 128, 2):
        early, late = rng.normal(0, 0.2, 2)
        writer.note(max(0, at + early), 1.5 + late, int(rng.integers(55, 80)))
        writer.note(max(0, at + late), 0.5, int(rng.choice(DRUMS)), instrument=9, is_drum=True)
    return writer.sequence


def tempo_changes(rng: Any) -> Any:
    """Eight bars whose second half is faster."""
    writer = Writer(100.0)
    writer.melody(rng, range(64))
    writer.drums(rng, range(64))
    change = 64 * writer.step
    writer.sequence.tempos.add(qpm=140.0, time=change)
    for at in range(0, 64, 4):
        begin = change + at * 15.0 / 140.0
        pitch = int(rng.integers(50, 80))
        writer.sequence.notes.add(pitch=pitch, velocity=80, start_time=begin, end_time=begin + 0.3)
        writer.sequence.total_time = begin + 0.3
    return writer.sequence


def metre_changes(rng: Any) -> Any:
    """Four bars of 4/4, four of 3/4, four of 4/4."""
    writer = Writer()
    writer.melody(rng, range(64 + 48 + 64))
    writer.drums(rng, range(64 + 48 + 64))
    for at, beats in ((64, 3), (112, 4)):
        writer.sequence.time_signatures.add(numerator=beats, denominator=4, time=at * writer.step)
    return writer.sequence


def too_short(rng: Any) -> Any:
    """Half a bar."""
    writer = Writer()
    writer.melody(rng, range(8))
    writer.drums(rng, range(8))
    return writer.sequence


def out_of_range(rng: Any) -> Any:
    """Pitches a piano does not have, and programs no melody has, between others."""
    writer = Writer()
    for at in range(0, 64, 2):
        writer.note(at, 2, int(rng.integers(5, 125)), program=int(rng.choice([0, 31, 32, 60, 127])))
    return writer.sequence


def very_long(rng: Any) -> Any:
    """A melody of 110 bars, some of them repeated, one of them silent."""
    writer = Writer(160.0)
    writer.melody(rng, range(16 * 60))
    for note in list(writer.sequence.notes):
        if note.start_time < 16 * 20 * writer.step:
            begin = note.start_time / writer.step
            writer.note(begin + 16 * 62, (note.end_time - note.start_time) / writer.step, note.pitch)
    writer.melody(rng, range(16 * 83, 16 * 110))
    return writer.sequence


def empty(_: Any) -> Any:
    """No note at all."""
    return Writer().sequence


def all_of_them(seed: int = 1) -> dict[str, Any]:
    """Return every sequence by its name."""
    makers = (
        melody, polyphonic, kit, trio, orchestra, gaps, pickup, off_grid, tempo_changes, metre_changes, too_short,
        out_of_range, very_long, empty,
    )  # fmt: skip
    made = {maker.__name__: maker(np.random.default_rng([seed, index])) for index, maker in enumerate(makers)}
    made["waltz"] = trio(np.random.default_rng([seed, 90]), 20, 150.0, (3, 4))
    made["jig"] = trio(np.random.default_rng([seed, 91]), 20, 110.0, (6, 8))
    return made
