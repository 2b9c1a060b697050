"""How much memory a model needs while it plays, and whether this machine has it."""

from __future__ import annotations

from pathlib import Path

# Measured on playables of 1 to 38 M parameters, eight sequences at once: the file is mapped, and LiteRT's kernels
# keep the weights once more, in their own order; those of float16 files as float32.
_BASE = 80e6  # a process with LiteRT and NumPy, and what it computes with
_PACKED = 1.1
_TENSORFLOW = 0.9e9
_CONVERTED = 8  # copies of the weights on their way through TensorFlow's converter
_HALF = (1.5, 3.0)  # bytes a parameter of a float16 file
_MEMINFO = Path("/proc/meminfo")
_LIMIT = Path("/sys/fs/cgroup/memory.max")


def needed(parameters: int, file_size: int) -> int:
    """Return how many bytes a process has resident that plays a model, LiteRT included.

    Args:
        parameters: the model's.
        file_size: bytes of the playable.
    """
    low, high = _HALF
    half = low < file_size / max(1, parameters) < high
    return int(_BASE + file_size + _PACKED * (4 * parameters if half else file_size))


def needed_to_import(parameters: int) -> int:
    """Return how many bytes a process takes at its peak that makes a playable of a checkpoint, TensorFlow included."""
    return int(_TENSORFLOW + _CONVERTED * 4 * parameters)


def available() -> int | None:
    """Return how many bytes this machine, or this container, can still give; None where it does not say."""
    try:
        lines = dict(line.split(":", 1) for line in _MEMINFO.read_text(encoding="ascii").splitlines())
        free = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError, IndexError):
        return None
    try:
        return min(free, int(_LIMIT.read_text(encoding="ascii")))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return free
