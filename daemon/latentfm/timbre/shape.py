"""How the level of a note goes: its attack, how long it is held, how it decays, and its release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.timbre.engine import Mono

RANGE: Final = 100.0
"""dB that a SoundFont's envelope falls by in the times that are given for it."""

_Floats = NDArray[np.float64]

_HOP = 0.005  # seconds
_WINDOW = 0.03  # seconds of which a level is the RMS, at least
_FLOOR = 1e-6  # -120 dB
_REACHED = -3.0  # dB, from the level of the held note: where its attack is over
_MIDDLE = 75  # percentile that counts as the level of the held note
_GONE = -60.0  # dB, from the loudest
_NEAR = -10.0  # dB, from the loudest
_BRIEF = 0.35  # of its length that a note that dies is near its loudest, at most
_DEAD = -45.0  # dB, from the loudest: what has fallen so far while the key was held had died
_MEASURED = 0.1  # seconds of level that a slope is drawn through, at least
_CALMED = 0.75  # of a fluctuation, in dB, that is taken out of what is looped, but at most
_MOST_CALMED = 8.0  # dB
_FALL = 30.0  # dB, from where the key is let go, over which the release is measured
_RELEASE = 0.25  # seconds, of a note that does not say when it was let go: some 25 ms for each 10 dB
_SHORTEST_RELEASE, _LONGEST_RELEASE = 0.1, 15.0  # seconds


@dataclass(frozen=True)
class Shape:
    """The level of a note over time.

    Attributes:
        levels: dB of an RMS of some 30 ms, one each 5 ms.
        attack: seconds until it is about as loud as it is held.
        held: seconds until the key is let go; where nobody says, until it falls 10 dB below its loudest for good.
        dies: whether it fades away by itself, the key held or not.
        gone: seconds after which it stays 60 dB below its loudest, or the note ends.
        release: seconds that a fall by 100 dB takes once the key is let go.
    """

    levels: _Floats
    attack: float
    held: float
    dies: bool
    gone: float
    release: float

    def slope(self, start: float, stop: float) -> float:
        """Return the decibels a second that the level rises by, falls by if negative, between two times.

        What lies 60 dB below the loudest is left out; of less than a tenth of a second nothing is said: 0.
        """
        part = self._part(start, stop)
        return float(np.polyfit(np.arange(len(part)) * _HOP, part, 1)[0]) if len(part) >= _MEASURED / _HOP else 0.0

    def onward(self, loop: tuple[float, float], stop: float) -> float:
        """Return the decibels a second by which the level goes on from a loop on until a time.

        Args:
            loop: its start and its end in seconds; it is taken to be as loud all along as at its start.
            stop: seconds.
        """
        part = self._part(loop[0], stop)
        inside = self._part(*loop)
        if len(part) < _MEASURED / _HOP or len(inside) < 2:  # noqa: PLR2004 - less is no line
            return 0.0
        level = float(inside.mean()) - self.slope(*loop) * (loop[1] - loop[0]) / 2.0
        times = np.arange(len(part)) * _HOP
        return float(times @ (part - level) / (times @ times))

    def calming(self, start: float, stop: float, frames: int, rate: int) -> Mono:
        """Return gains ``[frames]`` that take most of what a level fluctuates by between two times.

        A second of a choir swells by some decibels here and there; going round in a loop that would be a tremolo.
        Changes over less than some 30 ms stay. The gains set in from the attack on, up to the first of the two times.
        """
        levels = self.levels[: round(stop / _HOP)]
        first = min(round(start / _HOP), max(len(levels) - 2, 0))
        times = np.arange(len(levels)) * _HOP
        line = np.polyval(np.polyfit(times[first:], levels[first:], 1), times)
        calmed = np.clip(_CALMED * (line - levels), -_MOST_CALMED, _MOST_CALMED)
        calmed *= np.interp(times, (self.attack, max(start, self.attack + _HOP)), (0.0, 1.0))
        gains: Mono = (10.0 ** (np.interp(np.arange(frames) / rate, times, calmed) / 20.0)).astype(np.float32)
        return gains

    def _part(self, start: float, stop: float) -> _Floats:
        return self.levels[round(start / _HOP) : round(min(stop, self.gone) / _HOP)]


def shape(audio: Mono, rate: int, held: float | None = None, period: float = 0.0) -> Shape:
    """Return how the level of a note goes.

    Args:
        audio: the note from its attack on.
        rate: in Hz.
        held: seconds until the key was let go; None if it never was.
        period: of its pitch in seconds: levels are taken over one or more.
    """
    levels = _levels(audio, rate, max(_WINDOW, period))
    seconds = len(audio) / rate
    gone = min(_last(levels, _GONE) * _HOP, seconds)
    if held is None:
        until = min(_last(levels, _NEAR) * _HOP, seconds)
        dies = until < _BRIEF * gone
    else:
        until = min(held, seconds)
        at_end = levels[: round(until / _HOP) + 1][-1]
        dies = bool(at_end < levels.max() + _DEAD)
    heard = levels[: max(1, round(until / _HOP))]
    reached = min(float(np.percentile(heard, _MIDDLE)) + _REACHED, float(heard.max()))
    return Shape(
        levels=levels,
        attack=float(np.argmax(heard >= reached)) * _HOP,
        held=until,
        dies=dies,
        gone=gone,
        release=_RELEASE * RANGE / _FALL if held is None or dies else _release(levels[round(until / _HOP) :]),
    )


def _last(levels: _Floats, depth: float) -> int:
    """Return how many levels there are up to the last that is within so many dB of the loudest."""
    return int(np.flatnonzero(levels > levels.max() + depth)[-1]) + 1


def _levels(audio: Mono, rate: int, window: float) -> _Floats:
    """Return the level around each 5 ms in dB."""
    half = round(window * rate / 2)
    squares = np.concatenate(([0.0], np.cumsum(np.square(audio, dtype=np.float64))))
    middles = np.arange(0.0, len(audio), _HOP * rate).astype(int)
    starts, stops = np.maximum(middles - half, 0), np.minimum(middles + half, len(audio))
    power = (squares[stops] - squares[starts]) / np.maximum(stops - starts, 1)
    levels: _Floats = 10.0 * np.log10(np.maximum(power, _FLOOR**2))
    return levels


def _release(levels: _Floats) -> float:
    """Return the seconds of a fall by 100 dB, from how soon after its key was let go a note falls by 30 dB or ends."""
    if len(levels) < 2:  # noqa: PLR2004 - nothing is left to see
        return _RELEASE * RANGE / _FALL
    fallen = np.flatnonzero(levels <= levels[0] - _FALL)
    last = int(fallen[0]) if len(fallen) else len(levels) - 1
    fall = max(float(levels[0] - levels[last]), 1.0)
    return float(np.clip(last * _HOP * RANGE / fall, _SHORTEST_RELEASE, _LONGEST_RELEASE))
