"""What a soak measures with: ears at streams, and an eye on processes. `scripts/soak.py` uses it."""

from __future__ import annotations

import os
import subprocess
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

RATE, CHANNELS = 48_000, 2
SLICE = RATE // 100  # frames: how finely silence is measured
SILENCE = 10.0 ** (-60 / 20)  # what the gate takes for silence
ALLOWED = 0.75  # seconds of it: half a second by the moods that ship, and what the guard and a codec add
BUFFER = 1.0  # seconds that the player is thought to hold
WINDOW = 30.0  # seconds, of each of which the best moment says how far ahead the stream is
_CHUNK = 1 << 16  # bytes
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Hearing:
    """What was heard so far; fed with PCM and the time at which it came.

    Attributes:
        seconds: of audio.
        gap: the longest silence that no mood allows, in seconds.
        starved: for how long at most a player would have had nothing to play.
        ahead: (seconds since the first audio, how much more audio than time had come), the most of each window.
    """

    frames: int = 0
    gap: float = 0.0
    starved: float = 0.0
    ahead: list[tuple[float, float]] = field(default_factory=list)
    began: float | None = None
    _silent: int = 0  # frames, up to now
    _rest: Any = None

    @property
    def seconds(self) -> float:
        """Return how much audio came."""
        return self.frames / RATE

    def hear(self, pcm: Any, now: float) -> None:
        """Take what came at ``now``, in seconds on the monotonic clock."""
        if self.began is None:
            self.began = now
        since = now - self.began
        self.starved = max(self.starved, since - BUFFER - self.seconds)
        self.frames += len(pcm)
        ahead = self.seconds - since
        if not self.ahead or since >= (len(self.ahead)) * WINDOW:
            self.ahead.append((since, ahead))
        elif ahead > self.ahead[-1][1]:
            self.ahead[-1] = (since, ahead)
        self._listen(pcm)

    def _listen(self, pcm: Any) -> None:
        whole = pcm if self._rest is None else np.concatenate((self._rest, pcm))
        slices = len(whole) // SLICE
        self._rest = whole[slices * SLICE :]
        loudest = np.abs(whole[: slices * SLICE]).reshape(slices, -1).max(axis=1) if slices else ()
        for level in loudest:
            self._silent = 0 if level > SILENCE else self._silent + SLICE
            if self._silent > ALLOWED * RATE:
                self.gap = max(self.gap, self._silent / RATE)

    def drift(self, settled: float) -> float:
        """Return by how many seconds the audio gained on the clock over the run, by a line through the windows.

        Those before ``settled`` seconds, and the last one, which may be a short one, don't count. With fewer than three
        others nothing can be said: not a number.
        """
        points = [point for point in self.ahead[:-1] if point[0] >= settled]
        if len(points) < 3:  # noqa: PLR2004 - said above
            return float("nan")
        return slope(points) * (points[-1][0] - points[0][0])


class Ear:
    """ffmpeg at a stream, and a thread that hears what it decodes."""

    def __init__(self, name: str, url: str, errors: Path) -> None:
        """Begin to listen; what ffmpeg has to say goes to a file."""
        self.name = name
        self.hearing = Hearing()
        self.ended = False  # before it was told to
        self._stopping = False
        command = ["ffmpeg", "-hide_banner", "-loglevel", "warning", "-nostdin", "-fflags", "nobuffer"]
        command += ["-i", url, "-f", "f32le", "-ar", str(RATE), "-ac", str(CHANNELS), "-flush_packets", "1", "pipe:1"]
        with errors.open("wb") as said:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said)
        self._thread = threading.Thread(target=self._run, name=f"ear {name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stopping = True
        self._process.terminate()
        self._thread.join(10)
        self._process.wait(10)

    def _run(self) -> None:
        pipe = self._process.stdout
        assert pipe  # noqa: S101 - asked for above
        left = b""
        while data := os.read(pipe.fileno(), _CHUNK):
            now = time.monotonic()
            data = left + data
            whole = len(data) - len(data) % (4 * CHANNELS)
            left = data[whole:]
            self.hearing.hear(np.frombuffer(data[:whole], dtype="<f4").reshape(-1, CHANNELS), now)
        self.ended = not self._stopping


@dataclass(frozen=True)
class Sample:
    """One look at the station.

    Attributes:
        at: seconds since the run began.
        resident: memory of the streaming process, MB.
        studio: memory of its children, MB.
        cpu: CPU seconds of the streaming process so far.
        studio_cpu: CPU seconds of its children so far, those that have ended included.
        files: its open files.
        figures: what ``/metrics`` says, by name and labels as they stand there; empty where it did not answer.
    """

    at: float
    resident: float
    studio: float
    cpu: float
    studio_cpu: float
    files: int
    figures: dict[str, float]


def sample(pid: int, web: int, began: float) -> Sample:
    """Look at a station and its children."""
    own, ended = _cpu(pid)
    kids = children(pid)
    return Sample(
        at=time.monotonic() - began,
        resident=_resident(pid),
        studio=sum(_resident(kid) for kid in kids),
        cpu=own,
        studio_cpu=ended + sum(sum(_cpu(kid)) for kid in kids),
        files=sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()),
        figures=figures(web),
    )


def figures(web: int) -> dict[str, float]:
    """Return what a station's ``/metrics`` says; nothing where it does not answer within three seconds."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{web}/metrics", timeout=3) as answer:
            text = answer.read().decode()
    except OSError:
        return {}
    lines = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def children(pid: int) -> list[int]:
    """Return the process ids of a process's children."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def slope(points: list[tuple[float, float]]) -> float:
    """Return the slope of the line through points that fits them best."""
    x, y = np.array(points).T
    x = x - x.mean()
    return float((x * (y - y.mean())).sum() / (x * x).sum())


def _resident(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _cpu(pid: int) -> tuple[float, float]:
    """Return CPU seconds of a process, and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0, 0.0
    own, ended = (int(fields[place]) + int(fields[place + 1]) for place in (11, 13))
    return own / _TICKS, ended / _TICKS
