"""The look at a MIDI file before a library opens it: what mido would find in it is found here."""

from __future__ import annotations

import contextlib
from pathlib import Path

import mido
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from latentfm import midi_check, midi_file
from latentfm.errors import MidiError

NOTE = b"\x00\x90\x3c\x40"
AGES = b"\xff\xff\xff\x7f\x3c\x40" * 4  # notes a quarter of a billion ticks apart, without a status
EVENTS = [
    *(NOTE, b"\x00\x90\x3c\x00", b"\x00\xc0\x05", b"\x00\xff\x06\x01A", b"\x00\xff\x01\x00", b"\x00\xff\x2f\x00"),
    *(b"\x00\xf0\x01\xf7", b"\x00\xf7\x00", b"\x00\xf2\x01\x01", b"\x00\xf6", b"\x00\xf8", b"\x00\xf4"),
    *(b"\x00", b"\x06", b"\x81\x70", b"\x80\x80\x80\x80\x01", b"\xff\xff\xff\x7f", b"\x3c\x40", b"\x05"),
]


def midi(path: Path, track: bytes) -> Path:
    """Write a MIDI file of one track, byte by byte."""
    path.write_bytes(b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk" + len(track).to_bytes(4, "big") + track)
    return path


def ticks_of(path: Path) -> int | None:
    """Return how many ticks mido finds in a file's longest track, None where it refuses the file."""
    with contextlib.suppress(Exception):
        return max(sum(message.time for message in track) for track in mido.MidiFile(path).tracks)
    return None


@pytest.mark.parametrize(
    "track",
    [
        NOTE + b"\x00\xff\x01\x00" + b"\x00\x01\x1c" + AGES,  # a text of 28 bytes, where meta events' status ran on
        b"\x00\xf0\x00" + b"\x00\x40\x00" + b"\xff\xff\xff\x7f\x40\x00" * 4,
    ],
)
def test_ticks_hide_behind_no_running_status(track: bytes, tmp_path: Path) -> None:
    """What looks like the inside of a text or of a system-exclusive message, but is events to mido, is counted."""
    path = midi(tmp_path / "bomb.mid", track)
    assert ticks_of(path) == 4 * 0x0FFFFFFF
    with pytest.raises(MidiError, match="lasts more than"):
        midi_file.read(path)


def test_quarters_of_a_tick_are_a_bomb_too(tmp_path: Path) -> None:
    """A note of millions of quarters, which last seconds at a mad tempo, would be millions of steps to a model."""
    path = tmp_path / "steps.mid"
    track = b"\x00\xff\x51\x03\x00\x00\x01" + NOTE + b"\x82\xab\x8a\x40\x3c\x00" + b"\x00\xff\x2f\x00"
    path.write_bytes(b"MThd\0\0\0\6\0\0\0\1\0\1MTrk" + len(track).to_bytes(4, "big") + track)
    with pytest.raises(MidiError, match=r"lasts 4900160 quarters; at most 20000 are read"):
        midi_file.read(path)


def test_a_status_runs_on_after_a_marker(tmp_path: Path) -> None:
    """Notes that go on without a status behind a marker are read."""
    track = NOTE + b"\x81\x70\x3c\x00" + b"\x00\xff\x06\x01A" + b"\x00\x3e\x40\x81\x70\x3e\x00"
    read = midi_file.read(midi(tmp_path / "marker.mid", track))
    assert [(note.pitch, note.start_time, note.end_time) for note in read.notes] == [(60, 0, 0.25), (62, 0.25, 0.5)]


@settings(
    max_examples=400, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=12).map(b"".join))
def test_ticks_are_those_that_mido_finds(tmp_path: Path, track: bytes) -> None:
    """Whatever mido reads is counted as mido counts it, or refused for its length alone."""
    path = midi(tmp_path / "any.mid", track)
    ticks = ticks_of(path)
    if ticks is None:
        with contextlib.suppress(MidiError):
            midi_check.look(path)
    elif ticks <= midi_check.MAX_TICKS:
        assert midi_check.look(path) == ticks
    else:
        with pytest.raises(MidiError, match=r"lasts more than|larger than MIDI knows"):
            midi_check.look(path)
