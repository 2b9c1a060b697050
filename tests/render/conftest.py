"""A small ensemble, sections for it, and where the default SoundFont lies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from note_seq.protobuf import music_pb2

from latentfm.playlist import Mix, Playlist, Voice
from latentfm.render import soundfonts

NoteOf = tuple[int, int, float, float]  # voice, pitch, onset and end in seconds
LEAD, PAD, BASS, DRUMS = range(4)


@pytest.fixture(scope="session")
def font() -> Path:
    """Return the default SoundFont."""
    return soundfonts.find()


@pytest.fixture
def playlist() -> Playlist:
    """Return an ensemble of piano, strings, upright bass and a kit."""
    return Playlist(
        name="test",
        title="Test",
        mix=Mix(room=0.4),
        voices=(
            Voice(role="lead", program=0, low=60, high=84, reverb=0.3),
            Voice(role="pad", program=48, low=43, high=72, level=-8, reverb=0.4, chorus=0.2),
            Voice(role="bass", program=32, low=28, high=43, level=-3),
            Voice(role="drums", bank=128, program=0, level=-4, pan=0.2, reverb=0.1),
        ),
    )


@pytest.fixture
def sequence() -> Callable[..., music_pb2.NoteSequence]:
    """Return a maker of NoteSequences: notes of velocity 80, and the total time if it is not the last note's end."""

    def make(notes: Iterable[NoteOf], total_time: float = 0.0) -> music_pb2.NoteSequence:
        made = music_pb2.NoteSequence()
        for voice, pitch, onset, end in notes:
            made.notes.add(
                instrument=voice, pitch=pitch, velocity=80, start_time=onset, end_time=end, is_drum=voice == DRUMS
            )
        made.total_time = max(total_time, *(note.end_time for note in made.notes), 0.0)
        return made

    return make


@pytest.fixture
def section(sequence: Callable[..., music_pb2.NoteSequence]) -> music_pb2.NoteSequence:
    """Return eight seconds of music for all voices."""
    notes: list[NoteOf] = []
    for beat in range(16):
        time, root = beat / 2, (48, 45, 53, 43)[beat // 4]
        notes += [(LEAD, root + 12 + (0, 7, 4, 12)[beat % 4], time, time + 0.4), (DRUMS, 42, time, time + 0.1)]
        notes += [(DRUMS, 36 if beat % 2 == 0 else 38, time, time + 0.1)]
        if beat % 4 == 0:
            notes += [(PAD, root + shift, time, time + 2.0) for shift in (0, 7, 12, 16)]
            notes += [(BASS, root - 12, time, time + 1.8)]
    return sequence(notes)
