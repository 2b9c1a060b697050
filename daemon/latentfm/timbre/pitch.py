"""The pitch of a note: found by its period, then measured by how the phases of its harmonics turn.

The period is that of the McLeod pitch method (McLeod and Wyvill, "A Smarter Way to Find Pitch", ICMC 2005): the first
high peak of a normalised square difference function, whose height says how periodic the sound is. It is some cents off,
so the lowest harmonics are brought down to nothing, and what they still turn from frame to frame gives their mean
frequency (Kay, "A Fast and Accurate Single Frequency Estimator", IEEE Trans. ASSP 1989). A vibrato comes out as its
middle, strings that beat as the middle of their partials.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import TimbreError
from latentfm.timbre.engine import Mono

LOWEST: Final = 20.0
"""MIDI pitch, 26 Hz: what is below is not looked for."""

HIGHEST: Final = 112.0
"""MIDI pitch, 5.3 kHz."""

CONFIDENT: Final = 0.7
"""What has less is said to have no pitch. Noise stays below 0.3, held notes above 0.9."""

_Floats = NDArray[np.float64]

_A4, _A4_HERTZ = 69.0, 440.0
_OCTAVE = 12.0
_WINDOW = 0.1  # seconds of a frame: nearly three periods of the lowest pitch
_FRAMES = 24
_LOUD = 0.1  # of the loudest frame's amplitude: what is weaker is not asked
_FINER = 4  # lags to a sample
_FIRST_PEAK = 0.9  # of the highest peak: the first that reaches it is the period
_AGREED = 0.6  # semitones around the median within which frames agree on a pitch
_AROUND = 1.5  # semitones around a pitch that is known, within which the period is looked for
_HARMONICS = 6
_PERIODS = 6.0  # of a window that tells harmonics apart
_ROUNDS = ((0.1, 0.5), (0.1, 0.5), (0.25, 0.9), (1.0, 0.98))
"""How far to turn on between frames, in windows, and how alike a harmonic's turns must then be, 1 for a steady tone:
each round gets nearer, and is only for what is steady enough for it."""

_MOSTLY = 0.5  # of the harmonics' power that has to turn evenly, or what was found with nearer frames stands
_LONGEST = 3.0  # seconds that are measured


class Pitch(NamedTuple):
    """A MIDI pitch with its fraction, and how sure it is, from 0 to 1."""

    pitch: float
    confidence: float


def hertz(pitch: float) -> float:
    """Return the frequency of a MIDI pitch, A4 at 440 Hz."""
    return float(_A4_HERTZ * 2.0 ** ((pitch - _A4) / _OCTAVE))


def midi(frequency: float) -> float:
    """Return the MIDI pitch of a frequency in Hz, with its fraction."""
    return _A4 + _OCTAVE * math.log2(frequency / _A4_HERTZ)


def detect(audio: Mono, rate: int) -> Pitch:
    """Return the pitch of a note, to a cent where it is steady.

    Args:
        audio: one note of 0.1 s or more; of a longer one its first three seconds count.
        rate: in Hz.

    Raises:
        TimbreError: it has no pitch, or none that its parts agree on.
    """
    found = measure(audio, rate)
    if found is None or found.confidence < CONFIDENT:
        sure = 0.0 if found is None else found.confidence
        raise TimbreError(
            f"no pitch is to be heard in this sound (confidence {sure:.2f} of the {CONFIDENT} needed): "
            "give it one with --pitch, as a MIDI number (60 is middle C)"
        )
    return found


def measure(audio: Mono, rate: int, near: float | None = None) -> Pitch | None:
    """Return the pitch of a note and how sure it is; None for silence and for less than a frame.

    Args:
        audio: one note.
        rate: in Hz.
        near: the pitch that it should have: it is looked for within a semitone and a half, and no octave is mistaken.
    """
    audio = audio[: round(_LONGEST * rate)]
    frames = _frames(audio.astype(np.float64), round(_WINDOW * rate))
    if not len(frames):
        return None
    bounds = (LOWEST, HIGHEST) if near is None else (near - _AROUND, near + _AROUND)
    shortest, longest = (rate / hertz(bound) for bound in reversed(bounds))
    found = [_period(frame, shortest, longest, known=near is not None) for frame in frames]
    heard = [(midi(rate / period), clarity) for period, clarity in found if period > 0.0]
    if not heard:
        return Pitch(near if near is not None else 0.0, 0.0)
    pitches, clarities = (np.array(values) for values in zip(*heard, strict=True))
    middle = _median(pitches, clarities)
    agreed = np.abs(pitches - middle) < _AGREED
    confidence = float(clarities[agreed].sum()) / len(frames)
    return Pitch(_refined(audio, rate, float(np.average(pitches[agreed], weights=clarities[agreed]))), confidence)


def _frames(audio: _Floats, window: int) -> _Floats:
    """Return the frames ``[frame, sample]`` that are loud, spread over the note."""
    if len(audio) < window or not audio.any():
        return np.empty((0, window))
    starts = np.unique(np.linspace(0, len(audio) - window, _FRAMES).astype(int))
    frames = audio[starts[:, np.newaxis] + np.arange(window)]
    frames = frames - frames.mean(axis=1, keepdims=True)
    levels = np.sqrt((frames**2).mean(axis=1))
    loud: _Floats = frames[levels > max(_LOUD * levels.max(), 1e-12)]
    return loud


def _period(frame: _Floats, shortest: float, longest: float, *, known: bool) -> tuple[float, float]:
    """Return a frame's period in samples and its clarity, from 0 to 1; nothing at all for a frame without."""
    size = len(frame)
    last = min(math.ceil(longest) + 1, size - 2)
    spectrum = np.fft.rfft(frame, 2 * size)
    lags = np.arange(_FINER * last + 1) / _FINER  # a period of a dozen samples has its peak between two of them
    correlation = _FINER * np.fft.irfft(spectrum * spectrum.conj(), 2 * size * _FINER)[: len(lags)]
    squares = np.concatenate(([0.0], np.cumsum(frame**2)))
    whole = np.arange(last + 1)
    energy = np.interp(lags, whole, squares[size - whole] + squares[size] - squares[whole])
    nsdf = 2.0 * correlation / np.maximum(energy, 1e-12)
    inner = nsdf[1:-1]
    peaks = np.flatnonzero((inner > nsdf[:-2]) & (inner >= nsdf[2:]) & (inner > 0.0)) + 1
    if not known:  # the peak around lag 0 reaches to where the function first crosses zero
        negative = np.flatnonzero(nsdf < 0.0)
        peaks = peaks[peaks > negative[0]] if len(negative) else peaks[:0]
    peaks = peaks[(lags[peaks] >= math.floor(shortest)) & (lags[peaks] <= longest)]
    if not len(peaks):
        return 0.0, 0.0
    heights = nsdf[peaks]
    best = peaks[np.argmax(heights)] if known else peaks[heights >= _FIRST_PEAK * heights.max()][0]
    before, at, after = nsdf[best - 1 : best + 2]
    bend = before - 2.0 * at + after
    shift = 0.5 * (before - after) / bend if bend < 0.0 else 0.0
    return float(best + shift) / _FINER, float(min(at - 0.25 * (before - after) * shift, 1.0))


def _median(values: _Floats, weights: _Floats) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(reached, reached[-1] / 2.0)])


def _refined(audio: Mono, rate: int, pitch: float) -> float:
    """Return the pitch by the mean frequency of the lowest harmonics that turn evenly, each weighed by its power."""
    frequency = hertz(pitch)
    size = min(round(max(_PERIODS * rate / frequency, 0.02 * rate)), len(audio) // 2)
    window = np.hanning(size)
    count = max(1, min(_HARMONICS, int(0.45 * rate / frequency)))
    orders = np.arange(1, count + 1)
    even = np.full(len(orders), fill_value=True)
    for share, least in _ROUNDS:
        hop = max(1, round(share * size))
        turns, powers, evenness = _turns(audio, frequency * orders / rate, window, hop)
        even &= evenness >= least  # of a vibrato seen this far apart nobody knows how often it went round
        if powers @ even < _MOSTLY * powers.sum() or not powers.any():
            break
        off = turns / (2.0 * np.pi * hop) * rate / orders
        frequency += float(np.average(off, weights=powers * even))
    return midi(frequency)


def _turns(audio: Mono, cycles: _Floats, window: _Floats, hop: int) -> tuple[_Floats, _Floats, _Floats]:
    """Return how sinusoids turn on from frame to frame, beyond what their frequency says: how far, power, evenness.

    Args:
        audio: the note.
        cycles: of each sinusoid, to a sample.
        window: of a frame.
        hop: samples from frame to frame.
    """
    frames = np.lib.stride_tricks.sliding_window_view(audio, len(window))[::hop]
    basis = window[:, np.newaxis] * np.exp(-2j * np.pi * np.outer(np.arange(len(window)), cycles))
    turning = np.exp(-2j * np.pi * np.outer(np.arange(len(frames)) * hop, cycles))
    values = (frames @ basis) * turning
    steps = values[1:] * values[:-1].conj()
    mean, power = steps.sum(axis=0), np.abs(steps).sum(axis=0)
    return np.angle(mean), power, np.abs(mean) / np.maximum(power, 1e-300)
