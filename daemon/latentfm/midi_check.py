"""A look at a MIDI file's bytes before any library opens it.

note-seq raises pretty_midi's limit to 1e10 ticks, and pretty_midi makes an array with an entry for each tick:
a file of fifty bytes can take all memory. So the delta times are added up here first.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from latentfm.errors import MidiError

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_TICKS: Final = 5_000_000  # over an hour at 480 ticks a quarter and 120 qpm
_HEADER: Final = 14
_CHUNK: Final = 8
_META: Final = 0xFF
_SYSEX: Final = (0xF0, 0xF7)
_TIME_SIGNATURE: Final = 0x58
_TWO_BYTES: Final = (0xC0, 0xD0)  # messages with one byte of data: program change, channel pressure
_SMPTE: Final = 0x8000


@dataclass(frozen=True)
class Facts:
    """What a MIDI file says of itself: ticks a quarter, ticks in its longest track, metres, channels with notes."""

    ticks_per_quarter: int
    ticks: int
    metres: tuple[tuple[int, int], ...]
    channels: tuple[int, ...]


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

    def peek(self) -> int:
        if not self:
            raise MidiError(f"{self._path}: the MIDI file is cut off or damaged")
        return self._data[self._at]

    def number(self) -> int:
        value = 0
        for _ in range(4):
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if byte < 0x80:  # noqa: PLR2004 - the top bit says that more follows
                return value
        raise MidiError(f"{self._path}: the MIDI file is damaged: a number of more than four bytes")


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise MidiError(f"{path}: {size} bytes are more than a MIDI file needs; at most {MAX_BYTES} are read")
        return path.read_bytes()
    except OSError as error:
        raise MidiError(f"{path}: can't be read: {error.strerror or error}") from error


def _track(data: bytes, path: Path) -> tuple[int, list[tuple[int, int]], set[int]]:
    """Return a track's ticks, metres and channels with notes."""
    reader, status, ticks = _Reader(data, path), 0, 0
    metres: list[tuple[int, int]] = []
    channels: set[int] = set()
    while reader:
        ticks += reader.number()
        if ticks > MAX_TICKS:
            raise MidiError(f"{path}: the MIDI file lasts more than {MAX_TICKS} ticks, which no piece of music does")
        if reader.peek() >= 0x80:  # noqa: PLR2004 - a status byte; without one the last status runs on
            status = reader.byte()
        if status == _META:
            kind, content = reader.byte(), reader.take(reader.number())
            if kind == _TIME_SIGNATURE and len(content) >= 2:  # noqa: PLR2004
                metres.append((content[0], 2 ** min(content[1], 7)))
        elif status in _SYSEX:
            reader.take(reader.number())
        elif status >= 0x80:  # noqa: PLR2004
            content = reader.take(1 if status & 0xF0 in _TWO_BYTES else 2)
            if status & 0xF0 == 0x90 and content[1]:  # noqa: PLR2004 - a note on that is not a note off
                channels.add(status & 0x0F)
        else:
            raise MidiError(f"{path}: the MIDI file is damaged: an event without a status")
    return ticks, metres, channels


def look(path: Path) -> Facts:
    """Read what a MIDI file says of itself, without opening it with a library.

    Raises:
        MidiError: it can't be read, is not MIDI, is damaged, too large, or lasts too long.
    """
    data = _read(path)
    if len(data) < _HEADER or data[:4] != b"MThd":
        raise MidiError(f"{path}: not a MIDI file: it doesn't begin with MThd")
    size, _, _, division = struct.unpack(">IHHH", data[4:_HEADER])
    if division & _SMPTE or not division:
        raise MidiError(f"{path}: its time is not in ticks a quarter note, which is what is read here")
    at, ticks = _CHUNK + size, 0
    metres: list[tuple[int, int]] = []
    channels: set[int] = set()
    while at + _CHUNK <= len(data):
        kind, length = data[at : at + 4], struct.unpack(">I", data[at + 4 : at + _CHUNK])[0]
        if at + _CHUNK + length > len(data):
            raise MidiError(f"{path}: the MIDI file is cut off: a track of {length} bytes ends too early")
        if kind == b"MTrk":
            track_ticks, track_metres, track_channels = _track(data[at + _CHUNK : at + _CHUNK + length], path)
            ticks = max(ticks, track_ticks)
            metres += track_metres
            channels |= track_channels
        at += _CHUNK + length
    return Facts(division, ticks, tuple(dict.fromkeys(metres)), tuple(sorted(channels)))
