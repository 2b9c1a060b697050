"""Crossfades of equal power: gains computed in numpy, cut and overlaid by pydub in 32 bit.

pydub counts in milliseconds: its slices and its overlay round to them, and so drop or add frames. Here it is given
whole milliseconds, and ``get_sample_slice`` cuts to the frame.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE, Pcm, silence

with warnings.catch_warnings():
    # pydub looks for ffmpeg, which the station never uses, and for audioop, which is a package from Python 3.13 on.
    warnings.simplefilter("ignore")
    from pydub import AudioSegment

Gains = tuple[NDArray[np.float32], NDArray[np.float32]]

_BYTES = 4  # a sample of 32 bit
_SCALE = 2.0**29  # full scale is a quarter of the range: two voices at twice full scale still fit when added
_LIMIT = 2.0 - 2.0**-20
_MILLISECOND = SAMPLE_RATE // 1000


def equal_power(frames: int) -> Gains:
    """Return the gains that fade one section out and another in over ``frames`` frames.

    Their squares add up to one, so two unrelated sections keep their level (linear gains dip 3 dB).

    Returns:
        ``(fade_out, fade_in)``, float32 ``[frames]`` each.
    """
    angle = (np.arange(frames) + 0.5) * (np.pi / 2 / max(frames, 1))
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def mix(tail: Pcm, head: Pcm, gains: Gains | None = None) -> Pcm:
    """Crossfade the end of one take into the beginning of another of the same length.

    The sum may exceed full scale and is meant for the limiter.

    Args:
        tail: what leaves, ``[frames, 2]``.
        head: what enters, ``[frames, 2]``.
        gains: ``equal_power`` of the window, or of a block of it the two slices that belong to that block; the window
            mixed in blocks is the same, bit for bit, as mixed whole. Without gains the arrays are the window.

    Raises:
        ValueError: where lengths differ: a fade shorter than its overlap doubles, a longer one leaves a gap.
    """
    fade_out, fade_in = equal_power(len(tail)) if gains is None else gains
    if not len(tail) == len(head) == len(fade_out) == len(fade_in):
        raise ValueError(
            f"tail, head and gains must be of one length, and are {len(tail)}, {len(head)}, {len(fade_out)} and "
            f"{len(fade_in)} frames"
        )
    leaving = to_segment(tail * fade_out[:, np.newaxis])
    entering = to_segment(head * fade_in[:, np.newaxis])
    return from_segment(leaving.overlay(entering).get_sample_slice(0, len(tail)))


def to_segment(pcm: Pcm) -> AudioSegment:
    """Return audio as a 32-bit segment, with 12 dB of headroom and padded with silence to a whole millisecond."""
    padding = silence(-len(pcm) % _MILLISECOND)
    samples = np.nan_to_num(np.concatenate((pcm, padding)), nan=0.0, posinf=_LIMIT, neginf=-_LIMIT)
    whole = np.rint(np.clip(samples, -_LIMIT, _LIMIT) * np.float32(_SCALE)).astype("<i4")
    return AudioSegment(whole.tobytes(), sample_width=_BYTES, frame_rate=SAMPLE_RATE, channels=CHANNELS)


def from_segment(segment: AudioSegment) -> Pcm:
    """Return the audio of a segment that ``to_segment`` made, padding included unless it was cut off."""
    samples = np.frombuffer(segment.raw_data, dtype="<i4").astype(np.float32)
    return (samples * np.float32(1.0 / _SCALE)).reshape(-1, CHANNELS)
