"""The arithmetic of the mix: what the timeline does to the samples on air, and what makes an old mix again.

Each function works element by element, so a stretch mixed in blocks has the same bits as one mixed whole.
"""

from __future__ import annotations

import numpy as np

from latentfm.audio.crossfade import Gains, mix
from latentfm.audio.pcm import Pcm, seconds_to_frames, silence

SWELL = seconds_to_frames(0.05)
"""What enters without a crossfade is faded in over this many frames."""


def crossfade(leaving: Pcm, entering: Pcm, gains: Gains, at: int) -> Pcm:
    """Return a stretch of a crossfade; ``gains`` are those of the whole window, ``at`` is the stretch's place in it."""
    here = slice(at, at + len(leaving))
    return mix(leaving, entering, (gains[0][here], gains[1][here]))


def swell(pcm: Pcm, risen: int) -> Pcm:
    """Fade in what was cut to; ``risen`` frames of the swell are over."""
    if risen >= SWELL:
        return pcm
    gain = (risen + np.arange(len(pcm), dtype=np.float32)) / SWELL
    swollen: Pcm = pcm * np.minimum(gain, 1.0)[:, np.newaxis]
    return swollen


def whole(pcm: Pcm, frames: int) -> Pcm:
    """Return ``frames`` frames, silence in place of those that are missing at the end."""
    return pcm if len(pcm) == frames else np.concatenate((pcm, silence(frames - len(pcm))))
