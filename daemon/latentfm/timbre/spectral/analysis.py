"""From a note's sound to its envelopes."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import TimbreError
from latentfm.timbre.engine import Mono
from latentfm.timbre.pitch import hertz
from latentfm.timbre.spectral.envelopes import (
    HARMONICS,
    HOP,
    RATE,
    SAMPLE_RATE,
    Envelopes,
    bands,
    between,
    harmonics_of,
)

Complex = NDArray[np.complex64]

_PERIODS: Final = 4  # of the fundamental in a window: harmonics lie on one another's zeros, and so does what is between
_SHORTEST: Final = 480  # samples of a window
_TRACKED: Final = 8  # harmonics that say where the pitch is
_WANDER: Final = 50.0  # cents that a pitch is followed
_OVERSAMPLED: Final = 4
_SILENT: Final = 1e-5
_NOISE_WINDOW: Final = 480
_FFT: Final = 512
_MOST: Final = 20 * SAMPLE_RATE


def analyse(audio: Mono, pitch: float) -> Envelopes:
    """Return the envelopes of a note.

    The pitch is followed first, within half a semitone, and the sound is read at such a varying speed that it stands
    still; then each harmonic is demodulated by a window of whole periods, and what the harmonics leave is noise.

    Args:
        audio: mono, at ``SAMPLE_RATE``, from the attack on; at most 20 s of it are looked at.
        pitch: its MIDI number.

    Raises:
        TimbreError: it is silent or shorter than a frame.
    """
    audio = audio[:_MOST].astype(np.float32)
    if len(audio) < HOP or np.abs(audio).max() < _SILENT:
        raise TimbreError("the note is silent or shorter than 5 ms: nothing can be made of it")
    window = _window(hertz(pitch))
    cents = _followed(audio, pitch, window)
    still, places = _straightened(audio, cents)
    partials = _demodulated(still, pitch, window, harmonics_of(pitch))
    rest = still - _added(partials, pitch, len(still))
    # Frames lie evenly in the sound as it was, not in the straightened one.
    harmonics = np.zeros((len(cents), HARMONICS), np.float32)
    harmonics[:, : partials.shape[1]] = np.abs(partials) * np.float32(math.sqrt(0.5))
    noise = _in_bands(rest, len(cents))
    where = np.interp(np.arange(len(cents)) * HOP, places, np.arange(len(places))) / HOP
    frames = np.clip(np.rint(where).astype(int), 0, len(cents) - 1)
    found = Envelopes(harmonics[frames], noise[frames], cents)
    loudest = float(found.level.max())
    return Envelopes(found.harmonics / loudest, found.noise / loudest, found.cents)


def _window(frequency: float) -> Mono:
    """Return a Hann window of whole periods that sums to 1."""
    period = SAMPLE_RATE / frequency
    count = max(_PERIODS, math.ceil(_SHORTEST / period))
    window = np.hanning(round(count * period) + 2)[1:-1]
    scaled: Mono = (window / window.sum()).astype(np.float32)
    return scaled


def _demodulated(audio: Mono, pitch: float, window: Mono, count: int) -> Complex:
    """Return the amplitude and phase of the first harmonics in each frame, ``[frames, count]``.

    The phase is that of a cosine which runs through from the first sample.
    """
    size, half = len(window), len(window) // 2
    frames = len(audio) // HOP + 1
    padded = np.pad(audio, (half, size + HOP))
    rows = np.lib.stride_tricks.sliding_window_view(padded, size)[: frames * HOP : HOP]
    step = 2 * np.pi * hertz(pitch) / SAMPLE_RATE
    numbers = np.arange(1, count + 1)
    kernel = np.exp(-1j * step * np.outer(np.arange(size) - half, numbers)).astype(np.complex64) * window[:, None]
    found = np.empty((frames, count), np.complex64)
    for start in range(0, frames, 64):
        part = np.ascontiguousarray(rows[start : start + 64])
        found[start : start + 64] = (part @ kernel.real) + 1j * (part @ kernel.imag)
    found *= 2.0 * np.exp(-1j * step * np.outer(np.arange(frames) * HOP, numbers))
    return found


def _followed(audio: Mono, pitch: float, window: Mono) -> Mono:
    """Return how many cents above ``pitch`` each frame is, by how fast the phases of the low harmonics turn."""
    partials = _demodulated(audio, pitch, window, min(_TRACKED, harmonics_of(pitch)))
    turned = np.angle(partials[1:] * partials[:-1].conj())  # per hop, of each harmonic
    weight = np.abs(partials[1:] * partials[:-1])
    numbers = np.arange(1, partials.shape[1] + 1)
    moved = turned * RATE / (2 * np.pi)
    # Least squares over the harmonics: harmonic k turns k times as fast.
    strength = (weight * numbers**2).sum(axis=1)
    slope = (weight * numbers * moved).sum(axis=1) / np.maximum(strength, 1e-20)
    cents = 1200.0 * np.log2(np.maximum(1.0 + slope / hertz(pitch), 0.5))
    trusted = weight.sum(axis=1)
    # Where nothing sounds the pitch is that around; a tenth of a second smooths what the windows let through.
    spread = np.hanning(23)[1:-1]
    smooth = np.convolve(trusted * cents, spread, "same") / np.maximum(np.convolve(trusted, spread, "same"), 1e-20)
    quiet = trusted < 1e-4 * trusted.max()
    loud = np.flatnonzero(~quiet)
    smooth = np.interp(np.arange(len(smooth)), loud, smooth[loud])
    followed: Mono = np.append(smooth, smooth[-1]).clip(-_WANDER, _WANDER).astype(np.float32)
    return followed


def _straightened(audio: Mono, cents: Mono) -> tuple[Mono, Mono]:
    """Return the sound read so that its pitch stands still, and which sample of the old one each new one is."""
    if float(np.abs(cents).max()) < 1.0:
        return audio, np.arange(len(audio), dtype=np.float32)
    speed = 2.0 ** (-np.interp(np.arange(len(audio)), np.arange(len(cents)) * HOP, cents) / 1200.0)
    places = np.concatenate([[0.0], np.cumsum(speed)[:-1]])
    places = np.minimum(places, len(audio) - 1.0)
    fine = _finer(audio)
    return np.interp(places * _OVERSAMPLED, np.arange(len(fine)), fine).astype(np.float32), places.astype(np.float32)


def _finer(audio: Mono) -> Mono:
    """Return the sound at four times its rate."""
    size = 1 << (len(audio) - 1).bit_length()  # other lengths may take long
    longer = np.fft.irfft(np.fft.rfft(audio, size), size * _OVERSAMPLED)[: len(audio) * _OVERSAMPLED]
    return (longer * _OVERSAMPLED).astype(np.float32)


def _added(partials: Complex, pitch: float, length: int) -> Mono:
    """Return the sum of the harmonics, with the phases that they had."""
    turn = np.exp(2j * np.pi * hertz(pitch) / SAMPLE_RATE * np.arange(length)).astype(np.complex64)
    turning = np.ones_like(turn)
    total = np.zeros(length, np.complex64)
    for column in partials.T:
        turning *= turn
        total += between(column)[:length] * turning
    return total.real


def _in_bands(rest: Mono, frames: int) -> Mono:
    """Return the RMS of noise in each band of each frame, ``[frames, BANDS]``."""
    window = np.hanning(_NOISE_WINDOW + 1)[:-1]
    padded = np.pad(rest, (_NOISE_WINDOW // 2, _NOISE_WINDOW + HOP))
    rows = np.lib.stride_tricks.sliding_window_view(padded, _NOISE_WINDOW)[: frames * HOP : HOP]
    power = np.abs(np.fft.rfft(rows * window, _FFT)) ** 2
    power[:, 1:-1] *= 2.0  # the other half of the spectrum
    power /= _FFT * (window**2).sum()
    found: Mono = np.sqrt(power @ bands()).astype(np.float32)
    return found
