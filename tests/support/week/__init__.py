"""A week in a minute: the whole station on one clock, at a sampling rate of a few hertz.

It runs in a process of its own (``python -m week``), as the rate is set before any part of the station is imported.
Every part that decides anything is the station's own; ``stand_ins`` lists what is not. With ``WEEK_SOUND`` in the
environment the rate is the real one, sound and all: ``python -m week.hour``.
"""

from __future__ import annotations

import os
import sys

if "latentfm.audio.crossfade" in sys.modules:
    raise ImportError("the week sets the sampling rate, so it needs a process of its own: python -m week")

from latentfm.audio import pcm

SOUND = bool(os.environ.get("WEEK_SOUND"))
"""Whether there is anything to be heard: real takes at 48 kHz, instead of levels."""

RATE = pcm.SAMPLE_RATE if SOUND else 20
"""Frames a second: at 20 a swell of 50 ms is one of them, and so a cut without a crossfade still shows."""

pcm.SAMPLE_RATE = RATE
