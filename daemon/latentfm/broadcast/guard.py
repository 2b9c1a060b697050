"""The last look at a take: what its file turns out to hold, 20 s before anybody would hear it.

The gate has passed every take of the studio's. But files lie on cards that age, and folders get copied by hand: what
is decoded may be silent, no numbers, or noise at full scale. A deck ends before it, and the timeline leaves it by a
crossfade.
"""

from __future__ import annotations

import numpy as np

from latentfm.audio.oversample import magnitude
from latentfm.audio.pcm import SAMPLE_RATE, Pcm, seconds_to_frames
from latentfm.errors import BankError
from latentfm.take import TakeInfo

QUIET = 10.0 ** (-60 / 20)  # what the gate takes for silence
SLACK = 0.25  # seconds of silence more than the mood allows: Opus rounds what is near the threshold
_EDGE = SAMPLE_RATE // 100  # frames at either end of a block that are enough to look at where there is sound
LOUD = 14.0  # LU above a take's loudness that half a second of music does not reach


class Guard:
    """Passes the blocks of one take on, and holds back silence until it is known to be short.

    Attributes:
        held: frames of silence that are held back.
    """

    def __init__(self, info: TakeInfo) -> None:
        self.held = 0
        self._longest = seconds_to_frames(info.max_silence + SLACK)
        self._loudest = 10.0 ** ((info.lufs + LOUD) / 20)
        self._at = 0
        self._quiet: list[Pcm] = []

    def look(self, block: Pcm) -> Pcm:
        """Return what may be played by now: the block, with the silence held back before it and less that at its end.

        Raises:
            BankError: what it holds must not air; what was returned before may.
        """
        power = float(np.einsum("ij,ij->", block, block)) / max(block.size, 1)
        if not np.isfinite(power):
            raise BankError(f"holds no audio after {self._seconds():.1f} s")
        if power > self._loudest**2:
            raise BankError(f"is {10 * np.log10(power):.1f} dBFS loud after {self._seconds():.1f} s")
        if not self.held and _sounds(block[:_EDGE]) and _sounds(block[-_EDGE:]):  # nearly always
            self._at += len(block)
            return block
        heard = np.flatnonzero(np.abs(block).max(axis=1) > QUIET)
        if len(heard) and self.held + int(heard[0]) > self._longest:
            self._refuse(int(heard[0]))
        sounding = int(heard[-1]) + 1 if len(heard) else 0
        passed = [*self._quiet, block[:sounding]] if sounding else []
        if sounding:
            self._quiet, self.held = [], 0
        if sounding < len(block):
            self._quiet.append(block[sounding:])
        self.held += len(block) - sounding
        self._at += len(block)
        if self.held > self._longest:
            self._refuse(0)
        return np.concatenate(passed) if passed else block[:0]

    def rest(self) -> Pcm:
        """Return the silence that is held back at the end of the take."""
        return np.concatenate(self._quiet) if self._quiet else np.zeros((0, 2), np.float32)

    def _refuse(self, more: int) -> None:
        """Say how long the silence is, so far as it is known."""
        began = (self._at - self.held) / SAMPLE_RATE
        raise BankError(f"is silent for {(self.held + more) / SAMPLE_RATE:.1f} s or more after {began:.1f} s")

    def _seconds(self) -> float:
        return self._at / SAMPLE_RATE


def _sounds(pcm: Pcm) -> bool:
    return magnitude(pcm) > QUIET
