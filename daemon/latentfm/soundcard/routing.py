"""Which of a card's channels left and right go to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from latentfm.audio.pcm import CHANNELS, Pcm


def route(pcm: Pcm, channels: Sequence[int], count: int) -> Pcm:
    """Return audio for a stream of ``count`` channels, left and right where ``channels`` says, numbered from 1.

    Both sides together go to one channel if only one is asked for, or if there is no other.
    """
    if count == CHANNELS and tuple(channels) == (1, 2):
        return pcm
    routed = np.zeros((len(pcm), count), dtype=np.float32)
    if len(channels) == 1 or count == 1:
        routed[:, min(*channels, count) - 1] = pcm.mean(axis=1)
    else:
        for side, channel in enumerate(channels):
            routed[:, channel - 1] = pcm[:, side]
    return routed
