"""The gate: a take that is silent, clipped, too loud, too quiet or a repeat never airs.

That a take decodes is known by whoever decoded it: the gate is given what came out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from latentfm.audio import loudness
from latentfm.audio.fingerprint import alike, fingerprint
from latentfm.audio.oversample import magnitude
from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE, Pcm
from latentfm.errors import GateError

SILENCE_DB = -60.0  # dBFS
TOLERANCE = 0.5  # LU
CEILING = -1.0  # dBTP
_CEILING_SLACK = 0.01  # dB, for the rounding of an encoding
_FLAT_SHARE = 0.7  # of the peak: equal samples above this are a flattened top
_FLAT_FRAMES = 12  # a sub bass at 16 bit has up to five of them


def check(
    pcm: Pcm,
    *,
    frames: int,
    lufs: float,
    max_silence: float,
    tolerance: float = TOLERANCE,
    ceiling: float = CEILING,
    rate: int = SAMPLE_RATE,
    recent: Iterable[str] = (),
) -> None:
    """Pass a take that may air.

    Args:
        pcm: the take as it was decoded.
        frames: the length it must have.
        lufs: the integrated loudness it must have.
        max_silence: seconds of silence that the mood allows at a stretch.
        tolerance: LU that the loudness may be off.
        ceiling: true peak in dBTP that must not be exceeded.
        rate: the sample rate it was decoded at.
        recent: fingerprints of what aired lately.

    Raises:
        GateError: the message is the reason, the first that was found.
    """
    _check_form(pcm, frames, rate)
    _check_samples(pcm)
    longest = longest_silence(pcm)
    if longest > max_silence:
        raise GateError(f"{longest:.2f} s of silence where the mood allows {max_silence:.2f} s", "silence")
    peak = loudness.true_peak(pcm)
    if peak > ceiling + _CEILING_SLACK:
        raise GateError(f"a true peak of {peak:.2f} dBTP where {ceiling:.2f} dBTP is the ceiling", "true_peak")
    measured = loudness.integrated(pcm)
    if not abs(measured - lufs) <= tolerance:
        raise GateError(f"a loudness of {measured:.2f} LUFS where {lufs:.2f} LUFS was asked for", "loudness")
    _check_repeat(pcm, recent)


def longest_silence(pcm: Pcm, threshold_db: float = SILENCE_DB) -> float:
    """Return the seconds of the longest stretch in which both channels stay below ``threshold_db`` dBFS."""
    threshold = loudness.amplitude(threshold_db)
    quiet = np.ones(len(pcm), dtype=np.bool_)
    for channel in pcm.T:
        quiet &= channel < threshold
        quiet &= channel > -threshold
    return _longest_run(quiet) / SAMPLE_RATE


def _check_form(pcm: Pcm, frames: int, rate: int) -> None:
    if rate != SAMPLE_RATE:
        raise GateError(f"a sample rate of {rate} Hz where {SAMPLE_RATE} Hz is played", "form")
    if pcm.dtype != np.float32:
        raise GateError(f"samples of type {pcm.dtype} where float32 is played", "form")
    if pcm.ndim != 2 or pcm.shape[1] != CHANNELS:  # noqa: PLR2004 - frames and channels
        raise GateError(f"an array of shape {list(pcm.shape)} where [frames, {CHANNELS}] is played", "form")
    if len(pcm) != frames or frames == 0:
        raise GateError(f"{len(pcm)} frames where {frames} were announced", "form")


def _check_samples(pcm: Pcm) -> None:
    peak = magnitude(pcm)
    if not math.isfinite(peak):
        raise GateError("samples that are not numbers (NaN or infinity)", "not_a_number")
    if peak >= 1.0:
        clipped = int(np.count_nonzero(np.abs(pcm) >= 1.0))
        raise GateError(f"clipping: {clipped} samples at full scale or over it", "clipping")
    for channel in pcm.T:
        flat = channel[1:] == channel[:-1]
        flat &= (channel[1:] > _FLAT_SHARE * peak) | (channel[1:] < -_FLAT_SHARE * peak)
        run = _longest_run(flat)
        if run >= _FLAT_FRAMES:
            raise GateError(f"clipping: {run + 1} equal samples in a row near the peak", "clipping")


def _check_repeat(pcm: Pcm, recent: Iterable[str]) -> None:
    lately = tuple(recent)
    if not lately:
        return
    own = fingerprint(pcm)
    if any(alike(own, other) for other in lately):
        raise GateError("a repeat of what aired lately", "repeat")


def _longest_run(flags: NDArray[np.bool_]) -> int:
    """Return the length of the longest run of true values."""
    padded = np.zeros(len(flags) + 2, dtype=np.int8)
    padded[1:-1] = flags
    edges = np.flatnonzero(np.diff(padded))
    return int((edges[1::2] - edges[::2]).max(initial=0))
