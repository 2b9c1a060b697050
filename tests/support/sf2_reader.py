"""Reads a SoundFont's bytes back into plain values, for tests of what was written."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEYS, VELOCITIES, SAMPLE, INSTRUMENT = 43, 44, 53, 41
_SPANS = (KEYS, VELOCITIES)


@dataclass(frozen=True)
class Header:
    """A sample's record, and its frames."""

    name: str
    frames: NDArray[np.int16]
    after: NDArray[np.int16]
    loop: tuple[int, int]
    rate: int
    key: int
    kind: int


@dataclass(frozen=True)
class Contents:
    """All of a SoundFont: what INFO says, and zones as dictionaries of generators, in the order of the file."""

    info: dict[str, bytes]
    presets: list[tuple[str, int, int, list[dict[int, Any]]]]
    instruments: list[tuple[str, list[dict[int, Any]]]]
    samples: list[Header]


def read(content: bytes) -> Contents:
    """Return what a SoundFont holds."""
    assert content[:4] == b"RIFF"
    assert content[8:12] == b"sfbk"
    assert struct.unpack_from("<I", content, 4)[0] == len(content) - 8
    lists = {body[:4]: dict(_chunks(body[4:])) for name, body in _chunks(content[12:]) if name == b"LIST"}
    tables = lists[b"pdta"]
    presets = [
        (_text(record[0]), record[1], record[2], zones)
        for record, zones in _owners(tables, b"phdr", struct.Struct("<20sHHHIII"), 3, b"p")
    ]
    instruments = [
        (_text(record[0]), zones) for record, zones in _owners(tables, b"inst", struct.Struct("<20sH"), 1, b"i")
    ]
    sound = np.frombuffer(lists[b"sdta"][b"smpl"], dtype="<i2")
    records = list(struct.Struct("<20sIIIIIBbHH").iter_unpack(tables[b"shdr"]))
    ends = [record[1] for record in records[1:-1]] + [len(sound)]
    samples = [
        Header(_text(name), sound[start:stop], sound[stop:end], (first - start, last - start), rate, key, kind)
        for (name, start, stop, first, last, rate, key, _, _, kind), end in zip(records[:-1], ends, strict=True)
    ]
    return Contents({name.decode(): text for name, text in lists[b"INFO"].items()}, presets, instruments, samples)


def _chunks(body: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], 0
    while at < len(body):
        name, size = struct.unpack_from("<4sI", body, at)
        found.append((name, body[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    assert at == len(body)
    return found


def _owners(
    tables: dict[bytes, bytes], name: bytes, record: struct.Struct, bag: int, letter: bytes
) -> list[tuple[tuple[Any, ...], list[dict[int, Any]]]]:
    bags = [first for first, _ in struct.Struct("<HH").iter_unpack(tables[letter + b"bag"])]
    generators = list(struct.Struct("<H2s").iter_unpack(tables[letter + b"gen"]))
    zones = [dict(_generator(*pair) for pair in generators[first:last]) for first, last in pairwise(bags)]
    for first, last in pairwise(bags):  # ranges come first, and what a zone is of last
        numbers = [number for number, _ in generators[first:last]]
        assert numbers[-1] == (INSTRUMENT if letter == b"p" else SAMPLE)
        assert [number for number in numbers if number in _SPANS] == numbers[: sum(n in _SPANS for n in numbers)]
    owners = list(record.iter_unpack(tables[name]))
    return [(owner, zones[owner[bag] : after[bag]]) for owner, after in pairwise(owners)]


def _generator(number: int, amount: bytes) -> tuple[int, Any]:
    if number in _SPANS:
        return number, tuple(amount)
    return number, struct.unpack("<H" if number in (SAMPLE, INSTRUMENT) else "<h", amount)[0]


def _text(name: bytes) -> str:
    return name.rstrip(b"\0").decode()
