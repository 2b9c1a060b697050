"""Fingerprints of audio, by which a repeat is recognised even when it is quieter, limited otherwise or encoded.

After Haitsma and Kalker, "A Highly Robust Audio Fingerprinting System" (2002): for each half second and each pair of
neighbouring bands one bit says whether the difference of their energies rose or fell.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentfm.audio.pcm import SAMPLE_RATE, Pcm

_WINDOW = SAMPLE_RATE // 2  # frames, one bit row each
_BITS = 16  # a row: four hexadecimal digits
_LOWEST, _HIGHEST = 100.0, 5000.0  # Hz
_SHIFTS = 2  # rows that two recordings may be out of step
_ALIKE = 0.25  # share of bits that may differ; unrelated audio differs in half of them
_FEWEST_ROWS = 8


def fingerprint(pcm: Pcm) -> str:
    """Return the fingerprint of a take: hexadecimal digits, eight for each second."""
    rows = len(pcm) // _WINDOW
    edges = np.geomspace(_LOWEST, _HIGHEST, _BITS + 2) * _WINDOW / SAMPLE_RATE
    starts = np.rint(edges).astype(np.intp)
    window = np.hanning(_WINDOW).astype(np.float32)
    energies = np.empty((rows, _BITS + 1))
    for row in range(rows):
        mono = pcm[row * _WINDOW : (row + 1) * _WINDOW].sum(axis=1) * window
        power = np.abs(np.fft.rfft(mono)[: starts[-1]]) ** 2
        energies[row] = np.add.reduceat(power, starts[:-1])
    rising = np.diff(np.diff(energies, axis=1), axis=0) > 0
    return np.packbits(rising, axis=1).tobytes().hex()


def alike(one: str, other: str) -> bool:
    """Return whether two fingerprints are of the same audio, up to a second out of step."""
    first, second = _rows(one), _rows(other)
    for shift in range(-_SHIFTS, _SHIFTS + 1):
        ahead, behind = first[max(0, shift) :], second[max(0, -shift) :]
        rows = min(len(ahead), len(behind))
        if rows < _FEWEST_ROWS:
            continue
        if np.mean(ahead[:rows] != behind[:rows]) <= _ALIKE:
            return True
    return False


def _rows(digits: str) -> NDArray[np.uint8]:
    packed = np.frombuffer(bytes.fromhex(digits), dtype=np.uint8)
    return np.unpackbits(packed.reshape(-1, _BITS // 8), axis=1)
