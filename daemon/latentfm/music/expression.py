"""Expression: MIDI's controller 11, by which a held voice swells, and what its values mean in decibels.

SoundFonts (specification 2.04, section 8.4) and General MIDI take 40 dB for a tenth of the controller's value.
"""

from __future__ import annotations

import math
from typing import Final

CONTROLLER: Final = 11
MIDDLE: Final = 72
"""The value at which a voice that swells has the level that its playlist gives it."""

_HIGHEST: Final = 127
_DECADE: Final = 40.0  # dB
ROOM: Final = _DECADE * math.log10(_HIGHEST / MIDDLE)
"""dB between the middle and the highest value, as loud as a voice can swell."""


def value(level: float) -> int:
    """Return the controller's value for a level in dB around the middle, the highest one where that is above it."""
    return min(round(MIDDLE * float(10.0 ** (level / _DECADE))), _HIGHEST)
