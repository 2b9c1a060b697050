"""A look at a MIDI file's bytes before any library opens it.

note-seq raises pretty_midi's limit to 1e10 ticks, and pretty_midi makes an array with an entry for each tick:
a file of fifty bytes can take all memory. So the delta times are added up here first. They are found as mido finds
them, which pretty_midi reads with (`midifiles.py` of mido 1.3): where the two would part, a file could hide its ticks.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

from latentfm.errors import MidiError

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_TICKS: Final = 5_000_000  # over an hour at 480 ticks a quarter and 120 qpm
MAX_QUARTERS: Final = 20_000  # over an hour at 300 qpm; models take a step for each quarter of one
_CHUNK: Final = 8
_HEADER: Final = 6  # bytes of it that are read; it may have more
_NUMBER: Final = 0x0FFFFFFF  # the largest that MIDI knows
_STATUS: Final = 0x80  # the first one; what is below is data
_SYSTEM: Final = 0xF0  # what is below belongs to a channel
_META: Final = 0xFF
_SYSEX: Final = (0xF0, 0xF7)
_ONE_BYTE: Final = (0xC0, 0xD0)  # messages with one byte of data: program change, channel pressure
_SYSTEM_BYTES: Final = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, 0xF8: 0, 0xFA: 0, 0xFB: 0, 0xFC: 0, 0xFE: 0}


class _Reader:
    """Bytes of one track, read from the front."""

    def __init__(self, data: bytes, path: Path) -> None:
        self._data, self._at, self._path = data, 0, path

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def take(self, count: int) -> bytes:
        part = self._data[self._at : self._at + count]
        if len(part) < count:
            raise MidiError(f"{self._path}: the MIDI file is cut off or damaged")
        self._at += count
        return part

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        """Read a number of seven bits a byte; zeros may lead it, as many as there are."""
        value = 0
        while value <= _NUMBER:
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if byte < _STATUS:  # the top bit says that more follows
                return value
        raise MidiError(f"{self._path}: the MIDI file is damaged: it has a number that is larger than MIDI knows")


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise MidiError(f"{path}: {size} bytes are more than a MIDI file needs; at most {MAX_BYTES} are read")
        return path.read_bytes()
    except OSError as error:
        raise MidiError(f"{path}: can't be read: {error.strerror or error}") from error


def _data_bytes(status: int) -> int | None:
    """Return how many bytes of data a message has, None where MIDI has no such status."""
    if status < _SYSTEM:
        return 1 if status & 0xF0 in _ONE_BYTE else 2
    return _SYSTEM_BYTES.get(status)


def _track(data: bytes, path: Path) -> int:
    """Return a track's ticks.

    The last status runs on where an event begins with data. Meta events leave it as it is; a system-exclusive one sets
    it, and the byte of data that calls it again is lost.
    """
    reader, running, ticks = _Reader(data, path), 0, 0
    while reader:
        ticks += reader.number()
        if ticks > MAX_TICKS:
            raise MidiError(f"{path}: the MIDI file lasts more than {MAX_TICKS} ticks, which no piece of music does")
        first = reader.byte()
        status, given = (running, 1) if first < _STATUS else (first, 0)
        if status != _META:
            running = status
        if not status:
            raise MidiError(f"{path}: the MIDI file is damaged: an event without a status")
        if status == _META:
            reader.byte()  # its kind
        if status == _META or status in _SYSEX:
            reader.take(reader.number())
            continue
        count = _data_bytes(status)
        if count is None or count < given or any(byte >= _STATUS for byte in reader.take(count - given)):
            raise MidiError(f"{path}: the MIDI file is damaged: an event that MIDI doesn't know, {status:#x}")
    return ticks


def look(path: Path) -> int:
    """Check a MIDI file without opening it with a library; return the ticks of its longest track.

    Raises:
        MidiError: it can't be read, is not MIDI, is damaged, too large, or lasts too long.
    """
    data = _read(path)
    if data[:4] != b"MThd" or len(data) < _CHUNK + _HEADER:
        raise MidiError(f"{path}: not a MIDI file: it doesn't begin with MThd")
    size, _, tracks, division = struct.unpack(">IHhh", data[4 : _CHUNK + _HEADER])
    if division <= 0:
        raise MidiError(f"{path}: its time is not in ticks a quarter note, which is what is read here")
    at, ticks = _CHUNK + size, 0
    for _ in range(tracks):
        head = data[at : at + _CHUNK]
        if size < _HEADER or head[:4] != b"MTrk" or len(head) < _CHUNK:
            raise MidiError(f"{path}: the MIDI file is cut off or damaged: a track of its {tracks} is missing")
        at += _CHUNK
        length = struct.unpack(">I", head[4:])[0]
        if at + length > len(data):
            raise MidiError(f"{path}: the MIDI file is cut off: a track of {length} bytes ends too early")
        ticks = max(ticks, _track(data[at : at + length], path))
        at += length
    if ticks > MAX_QUARTERS * division:
        raise MidiError(f"{path}: the MIDI file lasts {ticks // division} quarters; at most {MAX_QUARTERS} are read")
    return ticks
