"""The tone bed: slow chords over a drone, made in code, for when there is nothing else to play.

It needs no file and no model, has no end and does not repeat. It is made of sines far below half the sampling
rate, so it holds no alias, and their amplitudes are set from their powers, so its loudness is right by
construction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE, Pcm
from latentfm.brief import Key
from latentfm.broadcast.block import Playing
from latentfm.broadcast.cues import BedSource
from latentfm.broadcast.oscillators import Array, Oscillators, k_weight
from latentfm.music.chords import Chord, coloured, triads

_HOP = 4800  # frames between two looks at the envelopes
_PARTIALS = 6  # of each voice; the highest is below 5 kHz
_PADS = 4  # voices above the drone
_LOW, _HIGH = 55, 76  # their register, G3 to E5
_DRONE = (36, 43, 48)  # the drone on C: tonic, fifth, octave
_DRONE_LEVEL = (0.8, 0.35, 0.5)
_PAD_LEVEL = 0.55
_CHORD_SECONDS = (14.0, 26.0)
_NOTE_SECONDS = (9.0, 18.0)
_HOME = 3.0  # how much likelier the tonic chord is than each other one
_BRIGHTNESS = 1.5  # partial k has an amplitude of k to the power of minus this
_SKEW = 0.8  # below 1 a note swells faster than it falls
_CENTS = 2.5  # the left and right sines of a partial are up to this far apart, which makes the bed wide
_LIMIT = 8 * SAMPLE_RATE
_FOREVER = 1 << 62

DEFAULT_KEY = Key(tonic=2, mode="dorian")


@dataclass(slots=True)
class _Note:
    """A pad's note: its pitch, age and length in seconds."""

    pitch: int
    age: float
    length: float

    @property
    def level(self) -> float:
        """Return its envelope: a slow swell and a slower fall."""
        return float(np.sin(np.pi * min(max(self.age / self.length, 0.0), 1.0) ** _SKEW) ** 2)

    def release(self) -> None:
        """Let a note that still rises fall from where it is: it goes on from the far side of its swell."""
        risen = (self.age / self.length) ** _SKEW
        if risen < 0.5:  # noqa: PLR2004 - the top of the swell
            self.age = self.length * (1.0 - risen) ** (1.0 / _SKEW)


class ToneBed:
    """The bed as a player that is always ready and never ends.

    ``pull`` computes what it returns, at about a hundredth of real time, and touches nothing but arrays.
    """

    failure: str | None = None
    outs: tuple[int, ...] = ()
    endless = True
    ended = False
    ready = True
    end = _FOREVER
    available = _FOREVER
    head = _FOREVER

    def __init__(
        self, playing: Playing, *, key: Key = DEFAULT_KEY, seed: int = 0, lufs: float = -16.0, limit: int = _LIMIT
    ) -> None:
        """Make a bed in ``key``, at ``lufs``; ``limit`` is its longest crossfade in frames."""
        self.playing = playing
        self.source = BedSource(playing, key, seed, lufs)
        self.key = key
        self.limit = limit
        self.position = 0
        self._rng = np.random.default_rng(seed)
        self._power = 10.0 ** ((lufs + 0.691) / 10.0)  # weighted mean square of both channels, as BS.1770 adds it
        self._chords = triads(key)
        self._chord: Chord = self._chords[0]
        self._chord_left = float(self._rng.uniform(*_CHORD_SECONDS))
        self._notes = [self._new_note(age=float(age)) for age in self._rng.uniform(1.0, 8.0, _PADS)]
        voices = len(_DRONE) + _PADS
        self._rates = self._rng.uniform(0.015, 0.11, (voices, _PARTIALS))  # hertz at which partials come and go
        self._offsets = self._rng.uniform(0.0, 2 * np.pi, (voices, _PARTIALS))
        self._detune = self._rng.uniform(-_CENTS, _CENTS, (CHANNELS, voices, 1))
        self._time = 0.0
        self._sides = [Oscillators(hertz.reshape(-1), self._rng) for hertz in self._tuning()]
        self._amplitudes = self._levels()
        self._rest: Pcm = np.zeros((0, CHANNELS), dtype=np.float32)

    def pull(self, frames: int) -> Pcm:
        """Return exactly ``frames`` frames."""
        parts = [self._rest]
        missing = frames - len(self._rest)
        while missing > 0:
            parts.append(self._hop())
            missing -= _HOP
        pcm = np.concatenate(parts)
        self._rest = pcm[frames:].copy()
        self.position += frames
        return pcm[:frames]

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""

    def widen(self) -> None:
        """Do nothing: there is nothing to decode ahead."""

    def _hop(self) -> Pcm:
        before = self._amplitudes
        self._advance(_HOP / SAMPLE_RATE)
        tuning = self._tuning()
        for side, hertz in zip(self._sides, tuning, strict=True):
            side.hertz = hertz.reshape(-1)
        self._amplitudes = self._levels()
        sides = [
            side.block(_HOP, before[channel], self._amplitudes[channel]) for channel, side in enumerate(self._sides)
        ]
        return np.stack(sides, axis=1)

    def _advance(self, seconds: float) -> None:
        """Move the chords and notes on."""
        self._time += seconds
        self._chord_left -= seconds
        if self._chord_left <= 0:
            weights = np.array([_HOME if chord.degree == 0 else 1.0 for chord in self._chords])
            weights[self._chords.index(self._chord)] = 0.0
            self._chord = self._chords[int(self._rng.choice(len(self._chords), p=weights / weights.sum()))]
            self._chord_left = float(self._rng.uniform(*_CHORD_SECONDS))
            for note in self._notes:
                if note.pitch % 12 not in self._chord.classes:
                    note.release()
        for place, note in enumerate(self._notes):
            note.age += seconds
            if note.age >= note.length:
                self._notes[place] = self._new_note(without=place)

    def _new_note(self, age: float = 0.0, without: int | None = None) -> _Note:
        """Draw a note of the chord that is a semitone from none that sounds, and is not one of them."""
        others = [note.pitch for place, note in enumerate(getattr(self, "_notes", [])) if place != without]
        classes = coloured(self._chord, self.key).classes
        free = [
            pitch
            for pitch in range(_LOW, _HIGH + 1)
            if pitch % 12 in classes and all(abs(pitch - other) > 1 for other in others)
        ]
        pitch = int(self._rng.choice(free or [_LOW + (self.key.tonic - _LOW) % 12]))
        return _Note(pitch, age, float(self._rng.uniform(*_NOTE_SECONDS)))

    def _tuning(self) -> Array:
        """Return the frequency of each sine in hertz, ``[channels, voices, partials]``."""
        drone = [pitch + self.key.tonic - (12 if self.key.tonic > 7 else 0) for pitch in _DRONE]  # noqa: PLR2004
        pitches = np.array(drone + [note.pitch for note in self._notes], dtype=np.float64)
        cents = pitches[np.newaxis, :, np.newaxis] * 100.0 + self._detune
        hertz: Array = 440.0 * 2.0 ** ((cents - 6900.0) / 1200.0) * np.arange(1, _PARTIALS + 1)
        return hertz

    def _levels(self) -> Array:
        """Return the amplitude of each sine, ``[channels, voices * partials]``, at the loudness asked for."""
        voices = np.array(list(_DRONE_LEVEL) + [_PAD_LEVEL * note.level for note in self._notes])
        colour = np.arange(1, _PARTIALS + 1) ** -_BRIGHTNESS
        breath = 0.6 + 0.4 * np.sin(2 * np.pi * self._rates * self._time + self._offsets)
        shape = voices[:, np.newaxis] * colour * breath
        weights = k_weight(self._tuning())
        power = float((shape**2 * weights).sum() / 2)
        scaled: Array = np.broadcast_to((shape * np.sqrt(self._power / power)).reshape(1, -1), (CHANNELS, shape.size))
        return scaled


class Beds:
    """Makes tone beds, no two alike, each in the key and at the loudness that are set at the time."""

    def __init__(self, title: str, playlist: Callable[[], str], *, lufs: float = -16.0) -> None:
        """Make beds that listeners know as ``title``, on whatever ``playlist`` returns."""
        self.key = DEFAULT_KEY
        self._title = title
        self._playlist = playlist
        self.lufs = lufs
        self._made = 0

    def __call__(self) -> ToneBed:
        """Return a new bed."""
        self._made += 1
        playing = Playing(self._title, "bed", self._playlist(), "bed")
        return ToneBed(playing, key=self.key, seed=self._made, lufs=self.lufs)
