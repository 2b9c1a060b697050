"""A SoundFont as the bytes of an SF2 file: RIFF of form ``sfbk``, version 2.04, 16 bit.

See the "SoundFont Technical Specification 2.04", sections 4 to 7: three lists, INFO, the samples (``sdta``), and nine
tables (``pdta``), each closed by a record of its own. The same values give the same bytes: no date is written.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np

from latentfm.errors import TimbreError, reason
from latentfm.timbre.sf2 import generators
from latentfm.timbre.sf2.font import GUARD, NAME_LENGTH, Font, Instrument, Loop, Preset, Sample, Zone

GAP = 46
"""Zeros after each sample, which an interpolation may read."""

_VERSION = (2, 4)
_CHIP = "EMU8000"  # that the format was made for; readers expect it
_SOFTWARE = "Latent FM"
_LONGEST_TEXT = 256  # bytes with the closing zero, in INFO; a comment may have more
_LONGEST_COMMENT = 65_536
_MONO = 1  # type of a sample
_MOST = 65_535  # records of a table, since their numbers have 16 bits
_LARGEST = 1 << 31  # bytes; FluidSynth and others count in signed numbers

_PRESET = struct.Struct(f"<{NAME_LENGTH}sHHHIII")
_INSTRUMENT = struct.Struct(f"<{NAME_LENGTH}sH")
_BAG = struct.Struct("<HH")
_SAMPLE = struct.Struct(f"<{NAME_LENGTH}sIIIIIBbHH")
_NO_MODULATOR = bytes(10)
_NO_GENERATOR = bytes(4)


def write(font: Font, path: Path) -> None:
    """Write a font under another name first, so that nobody ever reads half of one.

    Raises:
        TimbreError: it can't be written, or is too large for the format.
    """
    content = encode(font)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(content)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise TimbreError(f"{path} can't be written: {reason(error)}") from error


def encode(font: Font) -> bytes:
    """Return the file's bytes.

    Raises:
        TimbreError: it has more zones, generators or sound than the format can count.
    """
    body = b"sfbk" + _info(font) + _sound(font.samples) + _tables(font)
    if len(body) > _LARGEST:
        raise TimbreError(f"SoundFont {font.name!r} would have {len(body)} bytes, and {_LARGEST} are the most")
    return _chunk(b"RIFF", body)


def size(samples: Iterable[Sample]) -> int:
    """Return how many bytes samples take in a file; the rest of one is some 100 for each zone."""
    return sum(2 * (len(sample.frames) + GAP) for sample in samples)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack("<4sI", name, len(content)) + content + bytes(len(content) % 2)


def _list(name: bytes, chunks: Iterable[bytes]) -> bytes:
    return _chunk(b"LIST", name + b"".join(chunks))


def _info(font: Font) -> bytes:
    chunks = [
        _chunk(b"ifil", struct.pack("<HH", *_VERSION)),
        _text(b"isng", _CHIP),
        _text(b"INAM", font.name),
    ]
    if font.copyright:
        chunks.append(_text(b"ICOP", font.copyright))
    if font.comment:
        chunks.append(_text(b"ICMT", font.comment, _LONGEST_COMMENT))
    return _list(b"INFO", [*chunks, _text(b"ISFT", _SOFTWARE)])


def _text(name: bytes, text: str, longest: int = _LONGEST_TEXT) -> bytes:
    """Return a chunk of text, cut to what the format takes, closed by one zero or by two, to an even length."""
    letters = text.encode("ascii", "replace").replace(b"\0", b" ")[: longest - 2]
    return _chunk(name, letters + bytes(2 - len(letters) % 2))


def _sound(samples: Sequence[Sample]) -> bytes:
    gap = np.zeros(GAP, dtype="<i2")
    frames = [part for sample in samples for part in (sample.frames.astype("<i2"), gap)]
    return _list(b"sdta", [_chunk(b"smpl", np.concatenate(frames).tobytes())])


def _tables(font: Font) -> bytes:
    presets, preset_zones = _presets(font.presets, font.instruments)
    instruments, instrument_zones = _instruments(font.instruments, font.samples)
    return _list(
        b"pdta",
        [
            _chunk(b"phdr", b"".join(presets)),
            *_zones(b"p", preset_zones),
            _chunk(b"inst", b"".join(instruments)),
            *_zones(b"i", instrument_zones),
            _chunk(b"shdr", b"".join(_samples(font))),
        ],
    )


def _presets(presets: Sequence[Preset], instruments: Sequence[Instrument]) -> tuple[list[bytes], list[list[bytes]]]:
    """Return the presets' records, the closing one among them, and the generators of each of their zones."""
    numbers = {instrument: number for number, instrument in enumerate(instruments)}
    firsts = list(accumulate((len(preset.instruments) for preset in presets), initial=0))
    _countable(firsts[-1], "instruments of presets")
    heads = [(preset.name, preset.program, preset.bank) for preset in presets]
    records = [
        _PRESET.pack(name.encode(), program, bank, first, 0, 0, 0)
        for (name, program, bank), first in zip([*heads, ("EOP", 0, 0)], firsts, strict=True)
    ]
    zones = [[generators.of_instrument(numbers[part])] for preset in presets for part in preset.instruments]
    return records, zones


def _instruments(instruments: Sequence[Instrument], samples: Sequence[Sample]) -> tuple[list[bytes], list[list[bytes]]]:
    """Return the instruments' records, the closing one among them, and the generators of each of their zones."""
    numbers = {sample: number for number, sample in enumerate(samples)}
    firsts = list(accumulate((len(instrument.zones) for instrument in instruments), initial=0))
    _countable(max(firsts[-1], len(samples)), "zones or samples")
    names = [*(instrument.name for instrument in instruments), "EOI"]
    records = [_INSTRUMENT.pack(name.encode(), first) for name, first in zip(names, firsts, strict=True)]
    zones = [generators.of_zone(zone, numbers[zone.sample]) for instrument in instruments for zone in instrument.zones]
    return records, zones


def _zones(letter: bytes, zones: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Return the chunks of bags, modulators (there are none) and generators."""
    firsts = list(accumulate((len(zone) for zone in zones), initial=0))
    _countable(firsts[-1], "generators")
    bags = b"".join(_BAG.pack(first, 0) for first in firsts)
    records = b"".join(record for zone in zones for record in zone)
    return [
        _chunk(letter + b"bag", bags),
        _chunk(letter + b"mod", _NO_MODULATOR),
        _chunk(letter + b"gen", records + _NO_GENERATOR),
    ]


def _samples(font: Font) -> list[bytes]:
    roots: dict[Sample, int] = {}
    for zone in _all_zones(font):
        roots.setdefault(zone.sample, zone.root_key)
    starts = accumulate((len(sample.frames) + GAP for sample in font.samples), initial=0)
    records = []
    for sample, start in zip(font.samples, starts, strict=False):
        stop = start + len(sample.frames)
        # Without a loop nothing is said by these two, and readers still want them in order.
        loop = sample.loop or Loop(GUARD, len(sample.frames) - GUARD)
        bounds = (start, stop, start + loop.start, start + loop.stop)
        records.append(_SAMPLE.pack(sample.name.encode(), *bounds, sample.rate, roots[sample], 0, 0, _MONO))
    return [*records, _SAMPLE.pack(b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0)]


def _all_zones(font: Font) -> Iterable[Zone]:
    return (zone for instrument in font.instruments for zone in instrument.zones)


def _countable(number: int, what: str) -> None:
    if number >= _MOST:
        raise TimbreError(f"{number} {what} are too many for a SoundFont")
