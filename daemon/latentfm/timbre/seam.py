"""Whether the seam of a loop clicks: how far the sound there is from what its surroundings let one expect.

Clicks are found as restorers of old records do: the samples around are modelled as autoregressive, and a click is what
the model does not predict (Vaseghi and Rayner, "Detection and Suppression of Impulsive Noise in Speech Communication
Systems", IEE Proceedings 1990).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.timbre.sf2.font import Loop

INAUDIBLE: Final = -60.0
"""dBFS, below which a click has to stay."""

NOTHING: Final = -120.0
"""dBFS that no click at all is said to have."""

_ORDER = 32  # of the model; the sound of so many samples after a seam is predicted from across it
_AROUND = 1024  # frames on each side
_STEADYING = 1e-9  # of the power, added to the model's equations so that a pure tone has one solution


def click(audio: NDArray[np.floating], loop: Loop) -> float:
    """Return the energy in dBFS that the seam of a loop has beyond what the sound does around it.

    It is that of one sample: a full-scale impulse has 0 dBFS. What is no worse than the strongest moment within a
    thousand frames has ``NOTHING``.

    Args:
        audio: a sample ``[frames]``, full scale at 1.0.
        loop: of it, more than 128 frames long.
    """
    around = min(_AROUND, len(loop) // 2)
    if around < 2 * _ORDER:
        raise ValueError(f"a loop of {len(loop)} frames is too short to judge its seam")
    before = audio[loop.stop - around : loop.stop]
    after = audio[loop.start : loop.start + around]
    joined = np.concatenate((before, after)).astype(np.float64)
    rows = np.lib.stride_tricks.sliding_window_view(joined, _ORDER + 1)
    past, now = rows[:, :-1], rows[:, -1]
    first = around - _ORDER  # row whose newest sample is the first after the seam
    plain = np.ones(len(rows), dtype=bool)
    plain[first : first + _ORDER] = False
    covariance = past[plain].T @ past[plain]
    covariance += np.eye(_ORDER) * (_STEADYING * np.trace(covariance) / _ORDER + 1e-30)
    model = np.linalg.solve(covariance, past[plain].T @ now[plain])
    errors = (now - past @ model) ** 2
    energies = np.convolve(errors, np.ones(_ORDER), "valid")
    elsewhere = np.concatenate((energies[: first - _ORDER + 1], energies[first + _ORDER :]))
    excess = float(energies[first] - elsewhere.max(initial=0.0))
    return max(NOTHING, 10.0 * math.log10(excess)) if excess > 0.0 else NOTHING
