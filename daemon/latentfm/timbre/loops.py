"""The loop of a held note: where it begins and ends, and how its end is led over into its beginning.

Places are compared by normalised cross-correlation over some periods on either side; among those that are alike the
longest loop is taken, for it is the least heard. Then what leads to the loop's start is faded in ahead of its end. The
gains keep the power for sounds of this correlation (Fink, Holters and Zölzer, "Signal-Matched Power-Complementary
Cross-Fading and Dry-Wet Mixing", DAFx 2016): linear for what is alike, equal in power for what is not.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentfm.timbre.engine import Mono
from latentfm.timbre.sf2.font import GUARD, Loop

SHORTEST: Final = 0.1
"""Seconds of a loop: less is a buzz of its own."""

_Floats = NDArray[np.float64]

_COMPARED = 0.012  # seconds on either side of a place that are compared, and at least
_COMPARED_PERIODS = 3.0
_PERIODS = 4.0  # of a loop, at least
_ENDS = 32  # places that are tried for the loop's end
_EARLIEST = 0.7  # of what may be looped, where it may end
_PER_DB = 0.02  # of correlation that a difference of one decibel counts for
_PER_OCTAVE = 0.02  # of correlation that a loop twice as long may cost
_FADED = 0.5  # of the loop, at most
_LONGEST_FADE = 0.3  # seconds
_SHORTEST_FADE = 0.03  # seconds
_TINY = 1e-12


class Found(NamedTuple):
    """A loop, and how alike the sound is around its two ends: a correlation, 1 for the same."""

    loop: Loop
    correlation: float


def shortest(rate: int, period: float) -> int:
    """Return how many frames a loop has at least, of a sound at a rate in Hz and with a period in frames."""
    return max(round(SHORTEST * rate), round(_PERIODS * period))


def find(audio: Mono, rate: int, start: int, stop: int, period: float = 0.0) -> list[Found]:
    """Return loops of a note, the best first, each with another end; none if there is no room.

    Args:
        audio: the note, its level evened out.
        rate: in Hz.
        start: frame from which on it is steady; what is faded in comes from after it.
        stop: frame up to which it is, or up to which it may be kept.
        period: of its pitch in frames; 0 for a sound without.
    """
    half = max(round(_COMPARED * rate), round(_COMPARED_PERIODS * period), GUARD)
    least = shortest(rate, period)
    lead = round(_SHORTEST_FADE * rate) + GUARD
    first, last = start + max(lead, half), stop - half
    if last - first < least:
        return []
    earliest = max(first + least, round(first + _EARLIEST * (last - first)))
    found = []
    for end in np.unique(np.linspace(earliest, last, _ENDS).astype(int)):
        scores, alike = _scores(audio, first, int(end), half, least)
        place = int(scores.argmax())
        found.append((float(scores[place]), Found(Loop(first + place, int(end)), float(alike[place]))))
    return [loop for _, loop in sorted(found, key=itemgetter(0), reverse=True)]


def _scores(audio: Mono, first: int, end: int, half: int, least: int) -> tuple[_Floats, _Floats]:
    """Return how good each start from ``first`` on is for a loop that ends at ``end``, and how alike they are."""
    template = audio[end - half : end + half].astype(np.float64)
    past = audio[first - half : end - least + half].astype(np.float64)
    size = 1 << (len(past) + len(template)).bit_length()
    products = np.fft.irfft(np.fft.rfft(past, size) * np.fft.rfft(template, size).conj(), size)
    count = len(past) - len(template) + 1
    squares = np.concatenate(([0.0], np.cumsum(past**2)))
    energies = squares[len(template) :] - squares[: -len(template)] + _TINY
    own = float(template @ template) + _TINY
    alike: _Floats = products[:count] / np.sqrt(energies * own)
    uneven = np.abs(10.0 * np.log10(energies / own))
    octaves = np.log2((end - first - np.arange(count)) / least)
    return alike - _PER_DB * uneven + _PER_OCTAVE * octaves, alike


def crossfaded(audio: Mono, rate: int, start: int, loop: Loop) -> Mono:
    """Return a note up to a few frames after its loop, whose end leads over into its beginning.

    The last eight frames of the loop are those ahead of its start, and eight more follow that are those after its
    start, as the format wants for those who interpolate.

    Args:
        audio: the note, its level evened out.
        rate: in Hz.
        start: frame from which on it is steady.
        loop: that was found in it.
    """
    room = min(loop.start - start, round(_FADED * len(loop)), round(_LONGEST_FADE * rate))
    fade = max(room, 2 * GUARD)
    late = audio[loop.stop - fade : loop.stop].astype(np.float64)
    early = audio[loop.start - fade : loop.start].astype(np.float64)
    norm = float(np.sqrt((late @ late) * (early @ early))) + _TINY
    alike = max(float(late @ early) / norm, 0.0)
    rising = np.minimum(np.arange(1, fade + 1) / (fade - GUARD + 1), 1.0)
    falling = 1.0 - rising
    gains = 1.0 / np.sqrt(rising**2 + falling**2 + 2.0 * rising * falling * alike)
    made = audio[: loop.stop + GUARD].copy()
    made[loop.stop - fade : loop.stop] = gains * (falling * late + rising * early)
    made[loop.stop :] = made[loop.start : loop.start + GUARD]
    return made


def unrolled(audio: NDArray[np.floating], loop: Loop, frames: int) -> NDArray[np.floating]:
    """Return a note as it sounds for ``frames`` frames from its loop's start on, while its key is held."""
    body = audio[loop.start : loop.stop]
    return np.tile(body, -(-frames // len(body)))[:frames]
