"""From GANSynth's mel spectrograms to sound: magnitudes and phases of linear bins, and their inverse Fourier transform.

Magenta unwraps the phases of linear bins, takes their differences and adds those up again; that changes them by whole
turns alone, and is left out. Sources: magenta/models/gansynth/lib/specgrams_helper.py and spectral_ops.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentfm.models.gansynth.mel import mel_to_linear

Floats = NDArray[np.float32]
HOPS = 4  # of a window: three quarters of it overlap with the next
_EPSILON = 1e-6  # is under every power, so that silence has a logarithm


@dataclass(frozen=True)
class _Taps:
    """The few mel bins that each linear bin is made of: which, and their weights, each ``[taps, bins]``."""

    places: NDArray[np.intp]
    weights: Floats

    def spread(self, mel: Floats) -> Floats:
        """Spread mel bins ``[frames, bins]`` out to linear ones."""
        linear: Floats = mel[:, self.places[0]] * self.weights[0]
        for places, weights in zip(self.places[1:], self.weights[1:], strict=True):
            linear += mel[:, places] * weights
        return linear


class InverseTransform:
    """Makes sound of mel spectrograms of one size."""

    def __init__(self, frames: int, bins: int, samples: int, sample_rate: int) -> None:
        """Prepare for spectrograms ``[frames, bins, 2]`` of so many samples.

        Raises:
            ValueError: their frames do not reach as far.
        """
        self._hop = 2 * bins // HOPS
        self._lead = self._hop * (frames - 1) + 2 * bins - samples  # silence before the first sample
        if self._lead < 0:
            raise ValueError(f"{frames} frames of {bins} bins do not reach over {samples} samples")
        self._window = synthesis_window(2 * bins)
        matrix = mel_to_linear(bins, sample_rate)
        taps = int((matrix > 0).sum(axis=0).max())
        places = np.argsort(-matrix, axis=0, kind="stable")[:taps]
        self._taps = _Taps(places, np.take_along_axis(matrix, places, axis=0))

    def __call__(self, spectrogram: Floats) -> Floats:
        """Return the sound of a spectrogram, float32 ``[samples]``.

        Args:
            spectrogram: of each frame and mel bin the logarithm of the power, and the change of the phase since the
                frame before in half turns, ``[frames, bins, 2]``.
        """
        power = self._taps.spread(np.exp(spectrogram[..., 0]))
        phase = self._taps.spread(np.cumsum(spectrogram[..., 1], axis=0))  # in half turns
        phase -= 2.0 * np.rint(0.5 * phase)
        phase *= np.float32(np.pi)
        magnitude = np.sqrt(power + np.float32(_EPSILON))
        spectrum = np.zeros((len(power), power.shape[1] + 1), np.complex64)  # bin 0 stays empty
        np.multiply(magnitude, np.cos(phase), out=spectrum.real[:, 1:])
        np.multiply(magnitude, np.sin(phase), out=spectrum.imag[:, 1:])
        return self._joined(np.fft.irfft(spectrum, axis=1).astype(np.float32, copy=False) * self._window)[self._lead :]

    def _joined(self, frames: Floats) -> Floats:
        """Add up frames ``[frames, window]``, each a hop after the one before."""
        parts = frames.reshape(len(frames), HOPS, self._hop)
        sound = np.zeros((len(frames) + HOPS - 1, self._hop), np.float32)
        for part in range(HOPS):
            sound[part : part + len(frames)] += parts[:, part]
        return sound.reshape(-1)


def synthesis_window(length: int) -> Floats:
    """Return the window that undoes a Hann window of the analysis where `HOPS` of them overlap.

    Source: Griffin and Lim, "Signal estimation from modified short-time Fourier transform" (1984);
    ``tf.signal.inverse_stft_window_fn``.
    """
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    overlapped = np.square(hann).reshape(HOPS, -1).sum(axis=0)
    window: Floats = (hann / np.tile(overlapped, HOPS)).astype(np.float32)
    return window
