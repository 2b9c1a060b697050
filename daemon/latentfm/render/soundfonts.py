"""SoundFonts on disk: found by name, looked through before FluidSynth sees them, and known by their checksum.

A SoundFont 2 file is RIFF of form ``sfbk`` with three lists: INFO, the samples (``sdta``) and nine tables of presets,
instruments and samples (``pdta``). See "SoundFont Technical Specification 2.04", sections 4 to 7.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

from latentfm.errors import SoundFontError

DEFAULT = "default"
DEFAULT_FILE = "FluidR3_GM.sf2"
FOLDERS_VARIABLE = "LATENTFM_SOUNDFONTS"  # folders of the artist's own, separated as in PATH
LIBRARY_VARIABLE = "LATENTFM_TIMBRES"
"""Folders of instruments that stations made; in the environment, so that the studio finds them too."""

SHIPPED = Path(__file__).parents[1] / "timbre" / "instruments"
"""The folder of instruments that ship."""
_CHECKOUT = Path(__file__).resolve().parents[3] / "soundfonts"
_SYSTEM = tuple(
    Path(folder)
    for folder in (
        "/usr/share/sounds/sf2",
        "/usr/share/soundfonts",
        "/usr/local/share/sounds/sf2",
        "/usr/local/share/soundfonts",
    )
)
_SUFFIXES = (".sf2", ".sf3")
_INSTALL = "install it with: apt install fluid-soundfont-gm"

# Size of a record of each table of ``pdta``, and how many it has at least: one and the closing one.
_TABLES = {
    b"phdr": (38, 2),
    b"pbag": (4, 2),
    b"pmod": (10, 1),
    b"pgen": (4, 2),
    b"inst": (22, 2),
    b"ibag": (4, 2),
    b"imod": (10, 1),
    b"igen": (4, 2),
    b"shdr": (46, 2),
}
_HEAD = struct.Struct("<4sI")
_FORM = 4  # bytes of a form's or a list's name


class _Chunk(NamedTuple):
    name: bytes
    start: int  # of its data
    size: int

    @property
    def stop(self) -> int:
        return self.start + self.size


def folders() -> tuple[Path, ...]:
    """Return the folders that are searched, in order.

    These are the artist's own, the checkout's, the station's own instruments, those that ship, the system's.
    """
    named = (os.environ.get(name, "") for name in (FOLDERS_VARIABLE, LIBRARY_VARIABLE))
    own, made = ([Path(folder) for folder in text.split(os.pathsep) if folder] for text in named)
    return (*own, _CHECKOUT, *made, SHIPPED, *_SYSTEM)


def find(name: str = DEFAULT) -> Path:
    """Return the SoundFont of a name, with or without its suffix, or of an absolute path.

    Raises:
        SoundFontError: it is in none of the folders, or what is there is no SoundFont.
    """
    for path in _places(name):
        if path.is_file():
            verify(path)
            return path
    if name in (DEFAULT, DEFAULT_FILE):
        raise SoundFontError(f"the default SoundFont {DEFAULT_FILE} is not on this machine: {_INSTALL}")
    searched = ", ".join(str(folder) for folder in folders())
    raise SoundFontError(f"no SoundFont {name!r} in {searched}; {FOLDERS_VARIABLE} may name further folders")


def _places(name: str) -> Iterator[Path]:
    if Path(name).is_absolute():
        yield Path(name)
        return
    if not name or Path(name).name != name:
        raise SoundFontError(f"{name!r} is neither the name of a SoundFont nor an absolute path")
    names = [DEFAULT_FILE] if name == DEFAULT else [name, *(name + suffix for suffix in _SUFFIXES)]
    for folder in folders():
        for candidate in names:
            yield folder / candidate


def checksum(path: Path) -> str:
    """Return a file's SHA-256; a file of the same path, size and time of change is read only once.

    Raises:
        SoundFontError: it can't be read.
    """
    try:
        state = path.stat()
        return _checksum(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise SoundFontError(f"{path} can't be read: {error.strerror}") from error


@lru_cache(maxsize=64)
def _checksum(path: Path, size: int, changed: int) -> str:
    del size, changed  # parts of the cache's key
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(path: Path) -> None:
    """Look through a file's structure: a RIFF of form ``sfbk`` whose chunks fit into one another and into the file.

    Raises:
        SoundFontError: the message says what was found instead.
    """
    try:
        state = path.stat()
        _verify(path, state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise SoundFontError(f"{path} can't be read: {error.strerror}") from error


@lru_cache(maxsize=64)
def _verify(path: Path, size: int, changed: int) -> None:
    del changed  # part of the cache's key
    with path.open("rb") as file:
        head = file.read(_HEAD.size + _FORM)
        if head[:4] != b"RIFF":
            raise SoundFontError(f"{path} is not a SoundFont: it begins with {head[:4]!r}, not with b'RIFF'")
        if head[_HEAD.size :] != b"sfbk":
            raise SoundFontError(f"{path} is not a SoundFont: a RIFF file of form {head[_HEAD.size :]!r}, not b'sfbk'")
        stop = _HEAD.size + _HEAD.unpack_from(head)[1]
        if stop > size:
            raise SoundFontError(f"{path} is cut short: {size} bytes where its header announces {stop}")
        lists = {_list_name(file, chunk): chunk for chunk in _chunks(file, path, len(head), stop)}
        for name in (b"INFO", b"sdta", b"pdta"):
            if name not in lists:
                raise SoundFontError(f"{path} is not a whole SoundFont: its list {name.decode()} is missing")
        _verify_contents(file, path, lists)


def _verify_contents(file: BinaryIO, path: Path, lists: dict[bytes, _Chunk]) -> None:
    inside = {
        name: {chunk.name: chunk for chunk in _chunks(file, path, parent.start + _FORM, parent.stop)}
        for name, parent in lists.items()
    }
    if b"ifil" not in inside[b"INFO"]:
        raise SoundFontError(f"{path} is not a whole SoundFont: it does not say which version it is (ifil)")
    if b"smpl" not in inside[b"sdta"]:
        raise SoundFontError(f"{path} is not a whole SoundFont: it holds no samples (smpl)")
    for name, (record, fewest) in _TABLES.items():
        table = inside[b"pdta"].get(name)
        if table is None:
            raise SoundFontError(f"{path} is not a whole SoundFont: its table {name.decode()} is missing")
        if table.size % record or table.size < record * fewest:
            raise SoundFontError(
                f"{path} is damaged: its table {name.decode()} has {table.size} bytes, "
                f"not {fewest} or more records of {record}"
            )


def _chunks(file: BinaryIO, path: Path, start: int, stop: int) -> Iterator[_Chunk]:
    """Yield the chunks between two offsets, each checked to end before ``stop``."""
    while start < stop:
        file.seek(start)
        head = file.read(_HEAD.size)
        if start + _HEAD.size > stop or len(head) < _HEAD.size:
            raise SoundFontError(f"{path} is damaged: {stop - start} bytes at {start} are too few for a chunk")
        name, size = _HEAD.unpack(head)
        chunk = _Chunk(name, start + _HEAD.size, size)
        if chunk.stop > stop:
            raise SoundFontError(f"{path} is damaged: its chunk {name!r} at {start} is longer than what holds it")
        yield chunk
        start = chunk.stop + size % 2  # chunks begin at even offsets


def _list_name(file: BinaryIO, chunk: _Chunk) -> bytes:
    if chunk.name != b"LIST":
        return chunk.name
    file.seek(chunk.start)
    return file.read(_FORM)
