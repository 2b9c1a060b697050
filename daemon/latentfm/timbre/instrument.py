"""An instrument from a grid of notes: keys and velocities shared out, tuned, evened in loudness, within a size.

What evens the loudness is in the samples themselves: readers of SoundFonts do not agree about what an attenuation is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.audio.loudness import amplitude, decibels
from latentfm.audio.pcm import in_16_bit
from latentfm.errors import TimbreError
from latentfm.timbre.note import Note
from latentfm.timbre.sampled import Heard, Sampled, cut, hear
from latentfm.timbre.sf2.file import GAP
from latentfm.timbre.sf2.font import EVERY, GUARD, NAME_LENGTH, Font, Instrument, Preset, Sample, Span, Zone

SIZE: Final = 1_000_000
"""Bytes of an instrument, if nothing else is asked for."""

PEAK: Final = -1.0
"""dBFS of the loudest sample."""

RATES: Final = (48_000, 32_000)
"""Hz: the first is taken where there is room for a good second of each note, the second otherwise."""

_GOOD = 1.2  # seconds
_LEAST = 0.2  # seconds of a note: with less it is no instrument
_EASY = 0.5  # seconds of a note that are always enough
_BESIDE = 1_000  # bytes of a file beside its samples, and
_A_ZONE = 120  # of each zone
_BYTES = 2  # of a frame
_MIDDLE_KEY = 60
_LENGTHENED = 24.0  # semitones down that double a note's share of the room: low ones change more slowly
_LONGEST_SHARE, _SHORTEST_SHARE = 2.0, 0.5
_TIGHTER = 0.85  # of the room is tried when loops needed more than they had
_TRIES = 6
_VELOCITY_DB = 40.0  # a decade of velocity: section 8.4.1 of the specification
_MOST = 127


@dataclass(frozen=True, eq=False)
class Built:
    """An instrument, and how each of its samples came out."""

    font: Font
    samples: tuple[Sampled, ...]
    rate: int


def build(notes: Sequence[Note], name: str, *, size: int = SIZE, program: int = 0, bank: int = 0) -> Built:
    """Return an instrument made of notes.

    Each velocity is a layer, in which every pitch plays the keys around it. Within a layer all notes are made as loud
    as its middle one; from layer to layer the difference stays.

    Args:
        notes: a pitch and velocity each; not all pitches need to be there at all velocities.
        name: of the font; its first 20 letters name the instrument.
        size: bytes that it may take.
        program: under which players find it.
        bank: in which they do.

    Raises:
        TimbreError: there are no notes, or two of one pitch and velocity, or the size is too small for them.
    """
    if not notes:
        raise TimbreError(f"instrument {name!r} has no notes")
    ordered = sorted(notes, key=lambda note: (note.velocity, note.pitch))
    room = (size - _BESIDE - _A_ZONE * len(notes)) // _BYTES - GAP * len(notes)
    rate = next((rate for rate in RATES if room >= _GOOD * rate * len(notes)), RATES[-1])
    if room < _LEAST * rate * len(notes):
        raise _too_small(name, len(notes), size)
    heard = [hear(note, rate) for note in ordered]
    samples = _fitted(heard, room, rate)
    if not samples:
        raise _too_small(name, len(notes), size)
    for one, next_one in pairwise(samples):
        if (one.heard.note.velocity, one.root_key) == (next_one.heard.note.velocity, next_one.root_key):
            raise TimbreError(f"instrument {name!r}: two notes for key {one.root_key} at one velocity")
    title = _named(name)
    zones = tuple(
        Zone(
            sample=Sample(
                f"{title[: NAME_LENGTH - 9]} {one.root_key} v{one.heard.note.velocity}", frames, rate, one.loop
            ),
            root_key=one.root_key,
            keys=keys,
            velocities=velocities,
            cents=one.cents,
            envelope=one.envelope,
        )
        for one, frames, keys, velocities in zip(
            samples, _leveled(samples), _key_ranges(samples), _velocity_ranges(samples), strict=True
        )
    )
    preset = Preset(title, (Instrument(title, zones),), program, bank)
    return Built(Font(name, (preset,)), tuple(samples), rate)


def _fitted(heard: Sequence[Heard], room: int, rate: int) -> list[Sampled]:
    """Cut the notes so that they have no more than ``room`` frames; return none if they can't be cut so short."""
    shares = [
        float(np.clip(2.0 ** ((_MIDDLE_KEY - one.note.pitch) / _LENGTHENED), _SHORTEST_SHARE, _LONGEST_SHARE))
        for one in heard
    ]
    seconds = room / rate / sum(shares)
    for turn in range(_TRIES):
        samples = [cut(one, seconds * share * _TIGHTER**turn) for one, share in zip(heard, shares, strict=True)]
        if sum(len(one.audio) for one in samples) <= room:
            return samples
    return []


def _too_small(name: str, notes: int, size: int) -> TimbreError:
    least = _BESIDE + notes * (_A_ZONE + _BYTES * (GAP + round(_EASY * RATES[-1])))
    return TimbreError(
        f"instrument {name!r}: its {notes} notes do not fit into {size} bytes; "
        f"give it {least} or more, or fewer pitches or velocities"
    )


def _leveled(samples: Sequence[Sampled]) -> list[NDArray[np.int16]]:
    """Return the frames of all samples, as loud as they are to be."""
    layers = {one.heard.note.velocity: [] for one in samples}  # type: dict[int, list[float]]
    for one in samples:
        layers[one.heard.note.velocity].append(one.heard.loudness)
    wanted = {velocity: float(np.median(levels)) for velocity, levels in layers.items()}
    gains = [wanted[one.heard.note.velocity] - one.loudness - _velocity_db(one.heard.note.velocity) for one in samples]
    peak = max(decibels(float(np.abs(one.audio).max())) + gain for one, gain in zip(samples, gains, strict=True))
    return [
        _whole_numbers(one, amplitude(gain + PEAK - peak), seed)
        for seed, (one, gain) in enumerate(zip(samples, gains, strict=True))
    ]


def _velocity_db(velocity: int) -> float:
    """Return the dB that a SoundFont's player takes off at a velocity."""
    return _VELOCITY_DB * math.log10(velocity / _MOST)


def _whole_numbers(sample: Sampled, gain: float, seed: int) -> NDArray[np.int16]:
    """Return a sample's frames, dithered.

    The noise is the same each time a loop goes round, at -93 dBFS; undithered, it is the tail of a note that dies away
    that would turn rough. Around the loop's ends it is made the same, so that no step of it is left at the seam.
    """
    frames = in_16_bit(sample.audio[:, np.newaxis] * np.float32(gain), seed)[:, 0]
    if sample.loop is not None:
        start, stop = sample.loop.start, sample.loop.stop
        frames[stop - GUARD : stop + GUARD] = frames[start - GUARD : start + GUARD]
    return frames


def _key_ranges(samples: Sequence[Sampled]) -> list[Span]:
    """Return the keys of each sample: those that are nearer to it than to its neighbours of the same velocity."""
    spans = []
    for one in samples:
        roots = sorted(other.root_key for other in samples if other.heard.note.velocity == one.heard.note.velocity)
        spans.append(_nearest(one.root_key, roots))
    return spans


def _velocity_ranges(samples: Sequence[Sampled]) -> list[Span]:
    layers = sorted({one.heard.note.velocity for one in samples})
    return [_nearest(one.heard.note.velocity, layers) for one in samples]


def _nearest(value: int, values: Sequence[int]) -> Span:
    """Return the first and last of 0 to 127 that are nearer to a value than to its neighbours in a sorted row."""
    place = values.index(value)
    low = EVERY[0] if place == 0 else (values[place - 1] + value) // 2 + 1
    high = EVERY[1] if place == len(values) - 1 else (value + values[place + 1]) // 2
    return low, high


def _named(name: str) -> str:
    """Return the first letters of a name as the format takes them."""
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in name)[:NAME_LENGTH].strip()
    if not plain:
        raise TimbreError("an instrument needs a name")
    return plain
