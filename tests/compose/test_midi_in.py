"""MIDI files of other people: what is read, and what is refused before it can do harm."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Sequence
from pathlib import Path

import note_seq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from note_seq.protobuf.music_pb2 import NoteSequence

from latentfm import midi_check, midi_file
from latentfm.compose import midi_in
from latentfm.errors import MidiError
from latentfm.models.events import MIN_PITCH, labels_to_events
from latentfm.music.metre import FOUR_FOUR
from latentfm.music.note import Note

TUNE = [60, -2, 62, -2, 64, -2, -1, -2] * 4


def midi(path: Path, track: bytes, *, division: int = 480, length: int | None = None) -> Path:
    """Write a MIDI file of one track, byte by byte."""
    body = track + b"\x00\xff\x2f\x00"
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, division)
    path.write_bytes(head + b"MTrk" + struct.pack(">I", len(body) if length is None else length) + body)
    return path


def saved(path: Path, sequence: NoteSequence) -> Path:
    """Write a sequence as MIDI."""
    midi_file.write(sequence, path)
    return path


def sung(events: Sequence[int], qpm: float = 120.0) -> NoteSequence:
    """Write a melody's events as a sequence in 4/4."""
    sequence: NoteSequence = note_seq.Melody(list(events)).to_sequence(qpm=qpm)
    sequence.time_signatures.add(numerator=4, denominator=4)
    return sequence


def read_events(path: Path) -> list[int]:
    """Read the first two bars of a melody as events."""
    return labels_to_events(midi_in.phrases(path, 32, FOUR_FOUR)[0])


def test_a_melody_survives_the_file(tmp_path: Path) -> None:
    """Events written as MIDI and read back are the same events, at any tempo."""
    for qpm in (60.0, 97.3, 180.0):
        assert read_events(saved(tmp_path / "tune.mid", sung(TUNE, qpm))) == TUNE


def test_windows_are_labels(tmp_path: Path) -> None:
    """A melody's windows are two bars each from every bar on, in a MusicVAE's labels."""
    path = saved(tmp_path / "tune.mid", sung(TUNE * 2))
    windows = midi_in.melody_windows(path, 32, FOUR_FOUR)
    assert windows.shape == (4, 32)
    assert windows[0, 0] == 60 - MIN_PITCH + 2
    assert windows[0, 6] == 1


def test_phrases_follow_each_other(tmp_path: Path) -> None:
    """Phrases are two bars each from the first bar with notes on, and don't overlap."""
    path = saved(tmp_path / "tune.mid", sung([-2] * 16 + TUNE * 2))
    windows, every = midi_in.phrases(path, 32, FOUR_FOUR), midi_in.melody_windows(path, 32, FOUR_FOUR)
    assert len(windows) == 2
    assert (windows[0] == every[1]).all()
    assert (windows[1] == every[3]).all()


def test_the_highest_line_is_the_melody(tmp_path: Path) -> None:
    """Of several instruments and chords the highest line is taken; drums are left out."""
    sequence = sung(TUNE)
    for note in list(sequence.notes):
        sequence.notes.add(
            pitch=note.pitch - 24, velocity=80, start_time=note.start_time, end_time=note.end_time, instrument=1
        )
        sequence.notes.add(pitch=note.pitch - 4, velocity=80, start_time=note.start_time, end_time=note.end_time)
        sequence.notes.add(
            pitch=38, velocity=80, start_time=note.start_time, end_time=note.end_time, is_drum=True, instrument=9
        )
    assert read_events(saved(tmp_path / "many.mid", sequence)) == TUNE


def test_skyline() -> None:
    """A lower note that begins under a higher one is no melody; one that follows it is."""
    assert midi_in.skyline([Note(0, 8, 72), Note(2, 4, 60), Note(8, 4, 65)]) == (Note(0, 8, 72), Note(8, 4, 65))


def test_a_tempo_change_keeps_the_beat(tmp_path: Path) -> None:
    """Notes are placed by beats, so a file that slows down still lands on its grid."""
    sequence = NoteSequence(ticks_per_quarter=480)
    sequence.tempos.add(qpm=120.0)
    sequence.tempos.add(qpm=60.0, time=2.0)
    sequence.time_signatures.add(numerator=4, denominator=4)
    for pitch, start, end in ((60, 0.0, 0.5), (62, 0.5, 2.0), (64, 2.0, 3.0), (65, 3.0, 4.0)):
        sequence.notes.add(pitch=pitch, velocity=80, start_time=start, end_time=end)
    line = midi_in.melody(saved(tmp_path / "slower.mid", sequence), FOUR_FOUR)
    assert [note.onset for note in line] == [0, 4, 16, 20]


def test_a_file_of_a_billion_ticks_is_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny file whose ticks would take all memory never reaches note-seq."""
    monkeypatch.setattr(note_seq, "midi_file_to_note_sequence", lambda _: pytest.fail("opened"))
    wait = b"\xff\xff\xff\x7f\x90\x3c\x40"
    with pytest.raises(MidiError, match="lasts more than"):
        midi_file.read(midi(tmp_path / "bomb.mid", wait * 4))


def test_too_long_in_seconds_is_refused(tmp_path: Path) -> None:
    """A file within its ticks that lasts for hours is refused too."""
    slow = b"\x00\xff\x51\x03\xff\xff\xff\x00\x90\x3c\x40" + b"\x81\x80\x00\x80\x3c\x40"
    path = midi(tmp_path / "slow.mid", slow, division=24)
    with pytest.raises(MidiError, match="at most 3600 s"):
        midi_file.read(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a MIDI file"),
        (b"RIFF....WAVEfmt ", "not a MIDI file"),
        (b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\xe7\x28", "not in ticks a quarter"),
        (b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x01\xe0MTrk\x00\x00\xff\xff\x00", "cut off"),
        (b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x01\xe0MTrk\x00\x00\x00\x03\x00\x90\x3c", "cut off or damaged"),
        (b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x01\xe0MTrk\x00\x00\x00\x03\x00\x3c\x3c", "without a status"),
        (b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x01\xe0MTrk\x00\x00\x00\x05\xff\xff\xff\xff\xff", "damaged"),
    ],
)
def test_what_is_no_midi_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    """Files that are not MIDI, cut off or damaged give an error that names the file and the fault."""
    path = tmp_path / "bad.mid"
    path.write_bytes(content)
    with pytest.raises(MidiError, match=words) as caught:
        midi_in.melody(path, FOUR_FOUR)
    assert "bad.mid" in str(caught.value)


def test_missing_and_huge_files_are_refused(tmp_path: Path) -> None:
    """A missing file and one of many megabytes are errors, not a crash."""
    with pytest.raises(MidiError, match="can't be read"):
        midi_file.read(tmp_path / "none.mid")
    huge = tmp_path / "huge.mid"
    with huge.open("wb") as file:
        file.truncate(midi_check.MAX_BYTES + 1)
    with pytest.raises(MidiError, match="more than a MIDI file needs"):
        midi_file.read(huge)


def test_music_that_does_not_serve_is_refused(tmp_path: Path) -> None:
    """No notes, drums only, no drums, and another metre each have an error of their own."""
    empty = saved(tmp_path / "empty.mid", sung([]))
    drums = saved(tmp_path / "drums.mid", note_seq.DrumTrack([frozenset({36})] * 16).to_sequence())
    waltz = sung(TUNE)
    waltz.time_signatures[0].numerator = 3
    with pytest.raises(MidiError, match="no notes"):
        midi_in.melody(empty, FOUR_FOUR)
    with pytest.raises(MidiError, match="drums only"):
        midi_in.melody_windows(drums, 32, FOUR_FOUR)
    with pytest.raises(MidiError, match="3/4"):
        midi_in.melody(saved(tmp_path / "waltz.mid", waltz), FOUR_FOUR)
    with pytest.raises(MidiError, match="holds no drums"):
        midi_in.part_of(saved(tmp_path / "tune.mid", sung(TUNE)), drums=True)
    low = sung([3, -2, -2, -2])
    with pytest.raises(MidiError, match="no note on a piano"):
        midi_in.melody(saved(tmp_path / "low.mid", low), FOUR_FOUR)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path: Path, track: bytes) -> None:
    """Whatever a track holds, it is read or it is a MidiError."""
    path = midi(tmp_path / "any.mid", track)
    with contextlib.suppress(MidiError):
        assert midi_in.melody(path, FOUR_FOUR)
