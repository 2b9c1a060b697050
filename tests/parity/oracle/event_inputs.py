"""Events and NoteSequences that both sides of the comparison of event RNNs are given."""

from __future__ import annotations

from typing import Any

import numpy as np
from magenta.models.polyphony_rnn import polyphony_encoder_decoder, polyphony_lib
from note_seq.protobuf import music_pb2

FIGURES = ("C", "Am", "Dm7", "G7", "N.C.", "F", "Em", "Bdim", "Caug", "Ebmaj7", "A7", "F#m")


def melody_events(rng: np.random.Generator, count: int, low: int, high: int) -> list[int]:
    """Draw a melody with rests, holds and repeats at both lookback distances."""
    events = [int(rng.choice((-2, -2, -2, -1, int(rng.integers(low, high))))) for _ in range(count)]
    for start, distance in ((4, 16), (10, 32)):
        events[start + distance : start + distance + 8] = events[start : start + 8]
    return [60, *events[1:]]


def drum_events(rng: np.random.Generator, count: int) -> list[frozenset[int]]:
    """Draw drums, some of no class."""
    return [frozenset(int(pitch) for pitch in rng.choice(np.arange(25, 93), rng.integers(0, 4))) for _ in range(count)]


def voices(rng: np.random.Generator, steps: int) -> Any:
    """Draw four voices as a NoteSequence on sixteenths at 120 a minute, ending a little early."""
    sequence = music_pb2.NoteSequence(ticks_per_quarter=220)
    sequence.tempos.add(qpm=120.0)
    for centre in (72, 67, 60, 48):
        at = 0
        while at < steps:
            length = min(int(rng.choice([1, 2, 4])), steps - at)
            pitch = centre + int(rng.integers(-6, 7))
            sequence.notes.add(pitch=pitch, velocity=100, start_time=at * 0.125, end_time=(at + length - 0.4) * 0.125)
            at += length
    sequence.total_time = steps * 0.125
    return sequence


def as_array(events: Any) -> Any:
    """Write events as numbers: pitches of drums as flags, polyphonic events as their classes."""
    events = list(events)
    if isinstance(events[0], frozenset):
        flags = np.zeros((len(events), 128), np.bool_)
        for row, pitches in enumerate(events):
            flags[row, list(pitches)] = True
        return flags
    if isinstance(events[0], polyphony_lib.PolyphonicEvent):
        one_hot = polyphony_encoder_decoder.PolyphonyOneHotEncoding()
        return np.array([one_hot.encode_event(event) for event in events], np.int16)
    return np.array(events, np.int16)


def serialized(sequence: Any) -> Any:
    """Write a NoteSequence as bytes."""
    return np.frombuffer(sequence.SerializeToString(), np.uint8)
