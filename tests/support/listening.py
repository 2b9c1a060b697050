"""A listener's ears: ffmpeg records a stream from outside, and what it got is measured."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 48_000
QUIET = 10 ** (-50 / 20)  # an encoder leaves no true silence
WINDOW = 0.1  # seconds over which a level is taken
FLOOR = 10 ** (-60 / 20)


@dataclass(frozen=True)
class Heard:
    """What a listener got: samples ``[frames, 2]`` at 48 kHz, and whether the stream was still there at the end."""

    pcm: NDArray[np.float32]
    cut_off: bool

    @property
    def seconds(self) -> float:
        """Return how much it was."""
        return len(self.pcm) / RATE

    def longest_silence(self) -> float:
        """Return the seconds of the longest stretch below -50 dBFS."""
        loud = np.flatnonzero(np.abs(self.pcm).max(axis=1) > QUIET)
        return float(np.diff(np.concatenate(([0], loud, [len(self.pcm)]))).max(initial=0)) / RATE

    def largest_edge(self) -> float:
        """Return the largest difference, in dB, between the levels of neighbouring tenths of a second.

        The first half second is left out: a listener enters in the middle of a sound.
        """
        frames = round(WINDOW * RATE)
        pcm = self.pcm[RATE // 2 :]
        whole = pcm[: len(pcm) // frames * frames].reshape(-1, frames * 2).astype(np.float64)
        levels = 20 * np.log10(np.maximum(np.sqrt(np.square(whole).mean(axis=1)), FLOOR))
        return float(np.abs(np.diff(levels)).max(initial=0.0))


class Ear:
    """A real listener of a stream, from its making until ``stop``."""

    def __init__(self, ffmpeg: str, url: str, path: Path) -> None:
        self._path = path
        self._process = subprocess.Popen(
            [ffmpeg, "-v", "error", "-nostdin", "-y", "-i", url, "-f", "f32le", "-ar", str(RATE), "-ac", "2", path],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def listening(self) -> bool:
        """Return whether the stream goes on."""
        return self._process.poll() is None

    def stop(self) -> Heard:
        """Leave, and return what was heard."""
        cut_off = not self.listening
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        raw = np.fromfile(self._path, dtype=np.float32) if self._path.exists() else np.zeros(0, np.float32)
        return Heard(raw[: len(raw) // 2 * 2].reshape(-1, 2), cut_off)
