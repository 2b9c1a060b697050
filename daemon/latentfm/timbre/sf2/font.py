"""What a SoundFont is made of, as plain values that are checked when they are made.

Limits and units are those of the "SoundFont Technical Specification 2.04", sections 7 and 8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import TimbreError

NAME_LENGTH = 20
GUARD = 8
"""Frames that a sample has on either side of its loop, at least; each eight are to be the same on both sides."""

SHORTEST = 48  # frames of a sample
SHORTEST_LOOP = 32  # frames
SLOWEST_RATE, FASTEST_RATE = 400, 50_000  # Hz
LONGEST_SECONDS = 100.0  # of an envelope's attack, decay or release: 8000 timecents are 101.6 s
LONGEST_HOLD = 17.9  # seconds: 5000 timecents are 17.96 s
LARGEST_ATTENUATION = 144.0  # dB
LOWEST_CUTOFF, HIGHEST_CUTOFF = 20.0, 19_900.0  # Hz: 1500 and 13 500 cents above 8.176 Hz
_MOST = 127  # of a key, a velocity, a program
_MOST_BANK = 128  # the drums
_MOST_CENTS = 99
_PRINTABLE = range(0x20, 0x7F)

Span = tuple[int, int]
"""First and last of a range of keys or velocities."""

EVERY: Span = (0, _MOST)


@dataclass(frozen=True)
class Loop:
    """What repeats while a key is held: frames from ``start`` up to, not including, ``stop``."""

    start: int
    stop: int

    def __post_init__(self) -> None:
        if self.stop - self.start < SHORTEST_LOOP:
            raise TimbreError(f"a loop from {self.start} to {self.stop} is shorter than {SHORTEST_LOOP} frames")

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True, eq=False)
class Sample:
    """One channel of sound: 16-bit ``frames`` at ``rate`` Hz, and its loop if it has one; known by what it is."""

    name: str
    frames: NDArray[np.int16]
    rate: int
    loop: Loop | None = None

    def __post_init__(self) -> None:
        _check_name(self.name, "sample")
        if self.frames.ndim != 1 or self.frames.dtype != np.int16:
            raise TimbreError(
                f"sample {self.name!r}: expected int16 [frames], not {self.frames.dtype} {self.frames.shape}"
            )
        if len(self.frames) < SHORTEST:
            raise TimbreError(
                f"sample {self.name!r} has {len(self.frames)} frames; a SoundFont's have {SHORTEST} or more"
            )
        _within(self.rate, SLOWEST_RATE, FASTEST_RATE, f"sample {self.name!r}: its rate in Hz")
        if self.loop is not None:
            self._check_loop(self.loop)

    def _check_loop(self, loop: Loop) -> None:
        if loop.start < GUARD or loop.stop > len(self.frames) - GUARD:
            raise TimbreError(
                f"sample {self.name!r}: its loop {loop.start} to {loop.stop} must leave {GUARD} frames "
                f"on either side of the {len(self.frames)} that there are"
            )


@dataclass(frozen=True)
class Envelope:
    """How the volume of a note goes, beside what its sample does.

    Attributes:
        attack: seconds from nothing to full.
        hold: seconds at full, at ``hold_key``.
        decay: seconds that a fall by 100 dB takes after it; it stops at ``sustain``.
        sustain: dB below full at which the note stays; 0 never decays.
        release: seconds that a fall by 100 dB takes once the key is let go.
        hold_key: the key that holds for ``hold``; other keys hold as much longer or shorter as their sample does.
            None: all keys alike.
    """

    attack: float = 0.001
    hold: float = 0.0
    decay: float = 0.0
    sustain: float = 0.0
    release: float = 0.0
    hold_key: int | None = None

    def __post_init__(self) -> None:
        for name in ("attack", "decay", "release"):
            _within(getattr(self, name), 0.0, LONGEST_SECONDS, f"an envelope's {name} in seconds")
        _within(self.hold, 0.0, LONGEST_HOLD, "an envelope's hold in seconds")
        _within(self.sustain, 0.0, LARGEST_ATTENUATION, "an envelope's sustain in dB")
        if self.hold_key is not None:
            _within(self.hold_key, 0, _MOST, "an envelope's key")


@dataclass(frozen=True)
class Zone:
    """A sample on a part of the keyboard.

    Attributes:
        sample: what sounds.
        root_key: the key at which it sounds as it was recorded, but for ``cents``.
        keys: the keys that it is for.
        velocities: the velocities that it is for.
        cents: by how much it is tuned up, at most 99 either way.
        attenuation: dB that it is quieter. FluidSynth takes 0.4 of it, as the chips did that the format was made for,
            others all of it: what is to be sure belongs into the frames.
        envelope: of its volume.
        cutoff: of a low-pass filter of 12 dB an octave, in Hz; None leaves it open.
    """

    sample: Sample
    root_key: int
    keys: Span = EVERY
    velocities: Span = EVERY
    cents: int = 0
    attenuation: float = 0.0
    envelope: Envelope = field(default_factory=Envelope)
    cutoff: float | None = None

    def __post_init__(self) -> None:
        where = f"a zone of sample {self.sample.name!r}: its"
        _within(self.root_key, 0, _MOST, f"{where} root key")
        _within(self.cents, -_MOST_CENTS, _MOST_CENTS, f"{where} tuning in cents")
        _within(self.attenuation, 0.0, LARGEST_ATTENUATION, f"{where} attenuation in dB")
        for span, what in ((self.keys, "keys"), (self.velocities, "velocities")):
            for value in span:
                _within(value, 0, _MOST, f"{where} {what}")
            if span[0] > span[1]:
                raise TimbreError(f"{where} {what} go from {span[0]} down to {span[1]}")
        if self.cutoff is not None:
            _within(self.cutoff, LOWEST_CUTOFF, HIGHEST_CUTOFF, f"{where} cutoff in Hz")


@dataclass(frozen=True, eq=False)
class Instrument:
    """Zones that sound together as their ranges say; known by what it is."""

    name: str
    zones: tuple[Zone, ...]

    def __post_init__(self) -> None:
        _check_name(self.name, "instrument")
        if not self.zones:
            raise TimbreError(f"instrument {self.name!r} has no zones")


@dataclass(frozen=True)
class Preset:
    """What a program change finds: instruments under a program and a bank; bank 128 are the drums."""

    name: str
    instruments: tuple[Instrument, ...]
    program: int = 0
    bank: int = 0

    def __post_init__(self) -> None:
        _check_name(self.name, "preset")
        _within(self.program, 0, _MOST, f"preset {self.name!r}: its program")
        _within(self.bank, 0, _MOST_BANK, f"preset {self.name!r}: its bank")
        if not self.instruments:
            raise TimbreError(f"preset {self.name!r} has no instruments")


@dataclass(frozen=True)
class Font:
    """A whole SoundFont: its title, its presets, and what else is to be said about it."""

    name: str
    presets: tuple[Preset, ...]
    comment: str = ""
    copyright: str = ""

    def __post_init__(self) -> None:
        if not self.presets:
            raise TimbreError(f"SoundFont {self.name!r} has no presets")
        if not self.name:
            raise TimbreError("a SoundFont needs a name")
        places = [(preset.bank, preset.program) for preset in self.presets]
        for place in places:
            if places.count(place) > 1:
                raise TimbreError(f"SoundFont {self.name!r}: two presets on bank {place[0]}, program {place[1]}")
        for what, names in (
            ("presets", [preset.name for preset in self.presets]),
            ("instruments", [instrument.name for instrument in self.instruments]),
            ("samples", [sample.name for sample in self.samples]),
        ):
            for name in names:
                if names.count(name) > 1:
                    raise TimbreError(f"SoundFont {self.name!r}: two {what} of the name {name!r}")

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """Return the instruments of all presets, each once."""
        return tuple(dict.fromkeys(instrument for preset in self.presets for instrument in preset.instruments))

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Return the samples of all instruments, each once."""
        return tuple(dict.fromkeys(zone.sample for instrument in self.instruments for zone in instrument.zones))


def _check_name(name: str, what: str) -> None:
    if not name or len(name) > NAME_LENGTH or any(ord(letter) not in _PRINTABLE for letter in name):
        raise TimbreError(f"{what} {name!r}: a SoundFont's names have 1 to {NAME_LENGTH} letters, ASCII only")


def _within(value: float, least: float, most: float, what: str) -> None:
    if not (math.isfinite(value) and least <= value <= most):
        raise TimbreError(f"{what} must be from {least:g} to {most:g}, not {value:g}")
