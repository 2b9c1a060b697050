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
_CHANCE = 1.5  # times the strongest moment elsewhere: in noise one place in sixty is the strongest of all
_STEADYING = 1e-9  # of the power, added to the model's equations so that a pure tone has one solution


def click(audio: NDArray[np.floating], loop: Loop) -> float:
    """Return the energy in dBFS that the seam of a loop has beyond what the sound does around it.

    Args:
        audio: a sample ``[frames]``, full scale at 1.0.
        loop: of it, more than 128 frames long.

    Returns:
        That energy, as of one sample: a full-scale impulse has 0 dBFS. What is hardly worse than the strongest
        moment within a thousand frames has ``NOTHING``.
    """
    around = min(_AROUND, len(loop) // 2)
    joined = np.concatenate((audio[loop.stop - around : loop.stop], audio[loop.start : loop.start + around]))
    return excess(joined, around)


def excess(audio: NDArray[np.floating], at: int) -> float:
    """Return the energy in dBFS that is unexpected at one place of a sound, beyond what is anywhere else in it.

    Args:
        audio: some hundreds of frames or a few thousand, full scale at 1.0.
        at: the first frame after the place.

    Raises:
        ValueError: there are fewer than 64 frames on one side of it.
    """
    if not 2 * _ORDER <= at <= len(audio) - 2 * _ORDER:
        raise ValueError(f"{at} is too near to an end of {len(audio)} frames to judge what is there")
    rows = np.lib.stride_tricks.sliding_window_view(audio.astype(np.float64), _ORDER + 1)
    past, now = rows[:, :-1], rows[:, -1]
    first = at - _ORDER  # row whose newest frame is the first after the place
    plain = np.ones(len(rows), dtype=bool)
    plain[first : first + _ORDER] = False
    covariance = past[plain].T @ past[plain]
    covariance += np.eye(_ORDER) * (_STEADYING * np.trace(covariance) / _ORDER + 1e-30)
    model = np.linalg.solve(covariance, past[plain].T @ now[plain])
    errors = (now - past @ model) ** 2
    energies = np.convolve(errors, np.ones(_ORDER), "valid")
    elsewhere = np.concatenate((energies[: max(first - _ORDER + 1, 0)], energies[first + _ORDER :]))
    beyond = float(energies[first] - _CHANCE * elsewhere.max(initial=0.0))
    beyond /= 1.0 + float(model @ model)  # what the model makes of an impulse
    return max(NOTHING, 10.0 * math.log10(beyond)) if beyond > 0.0 else NOTHING
