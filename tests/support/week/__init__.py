"""A week in a minute: the whole station on one clock, at a sampling rate of a few hertz.

It runs in a process of its own (``python -m week``), as the rate is set before any part of the station is imported.
Every part that decides anything is the station's own; ``stand_ins`` lists what is not.
"""

from __future__ import annotations

import sys

if "latentfm.audio.crossfade" in sys.modules:
    raise ImportError("the week sets the sampling rate, so it needs a process of its own: python -m week")

from latentfm.audio import pcm

RATE = 20
"""Frames a second: a swell of 50 ms is one of them, and so a cut without a crossfade still shows."""

pcm.SAMPLE_RATE = RATE
