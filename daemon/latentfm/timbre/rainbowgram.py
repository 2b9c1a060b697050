"""Rainbowgrams: how loud and how steady each pitch of a sound is over time, brightness and colour.

After "Neural Audio Synthesis of Musical Notes with WaveNet Autoencoders" (Engel and others, ICML 2017), figure 3: the
brightness is the magnitude of a constant-Q transform, the colour how far its instantaneous frequency is from the middle
of the bin. The transform is a bank of Gaussian filters in the frequency domain, each brought down to the frame rate by
a short inverse transform (after Velasco, Holighaus, Dörfler and Grill, "Constructing an invertible constant-Q transform
with non-stationary Gabor frames", DAFx 2011; not invertible here).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import TimbreError
from latentfm.timbre.engine import Mono

BINS_PER_OCTAVE: Final = 40
OCTAVES: Final = 8
LOWEST: Final = 32.703
"""Hz: C1, the bottom of the picture."""

RANGE_DB: Final = 70.0
"""Brightness reaches so far below the loudest point."""

REACH: Final = 2.0
"""Bins either way that colours reach."""

_FRAMES_A_SECOND = 200.0
_NARROWEST = 9.0  # Hz of a filter, so that attacks of low notes stay in place


@dataclass(frozen=True)
class Rainbowgram:
    """What is drawn of a sound.

    Attributes:
        brightness: ``[bins, frames]``, from 0 to 1 (the loudest).
        colour: of the same shape, from -0.5 (the frequency is ``REACH`` bins below the middle of its bin) to 0.5.
        seconds: how long it is.
    """

    brightness: NDArray[np.float32]
    colour: NDArray[np.float32]
    seconds: float


def rainbowgram(audio: Mono, sample_rate: int) -> Rainbowgram:
    """Return the rainbowgram of a sound.

    Raises:
        TimbreError: it is silent.
    """
    if not np.abs(audio).max(initial=0.0) > 0:
        raise TimbreError("the sound is silent: there is nothing to draw")
    seconds = len(audio) / sample_rate
    frames = max(2, round(seconds * _FRAMES_A_SECOND))
    spectrum = np.fft.rfft(audio.astype(np.float64))
    hertz = np.fft.rfftfreq(len(audio), 1 / sample_rate).astype(np.float64)
    centres = LOWEST * 2.0 ** (np.arange(BINS_PER_OCTAVE * OCTAVES) / BINS_PER_OCTAVE)
    rows = [_filtered(spectrum, hertz, centre, frames, seconds) for centre in centres if centre < sample_rate / 2]
    loud = np.array([np.abs(row) for row, _ in rows])
    bends = np.array([_bins_off(row, offset, seconds) for row, offset in rows])
    level = 20.0 * np.log10(np.maximum(loud, 1e-12) / loud.max())
    brightness = (1.0 + level / RANGE_DB).clip(0.0, 1.0)
    return Rainbowgram(brightness.astype(np.float32), bends.astype(np.float32), seconds)


def _filtered(
    spectrum: NDArray[np.complex128], hertz: NDArray[np.float64], centre: float, frames: int, seconds: float
) -> tuple[NDArray[np.complex128], float]:
    """Return a band at the frame rate, turning as it would around its middle, and the middle in bins of the picture."""
    width = max(_NARROWEST, centre * (2.0 ** (1.0 / BINS_PER_OCTAVE) - 1.0) * 2.0)
    middle = round(centre * seconds)
    reach = min(frames // 2 - 1, round(3 * width * seconds))
    low, high = max(0, middle - reach), min(len(spectrum), middle + reach)
    band = np.zeros(frames, np.complex128)
    gains = np.exp(-0.5 * ((hertz[low:high] - centre) / width) ** 2)
    band[(np.arange(low, high) - middle) % frames] = spectrum[low:high] * gains
    return np.fft.ifft(band), centre


def _bins_off(row: NDArray[np.complex128], centre: float, seconds: float) -> NDArray[np.float64]:
    """Return how far the frequency of a band is from its middle, as a colour."""
    rate = len(row) / seconds
    turned = np.angle(row[1:] * row[:-1].conj()) * rate / (2 * np.pi)
    turned = np.append(turned, turned[-1:])
    true_middle = round(centre * seconds) / seconds
    wanted = np.log2(np.maximum(true_middle + turned, 1e-3) / centre) * BINS_PER_OCTAVE
    return (wanted / (2.0 * REACH)).clip(-0.5, 0.5)
