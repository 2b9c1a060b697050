"""What a process may ask of Linux about itself: to die with its parent, to use less, to step back."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_M_MMAP_THRESHOLD = -3  # malloc.h
_ONE_THREAD_EACH = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when ``parent`` ends; leave at once if it already has.

    The signal comes when the parent's *thread* that started this process ends, so that thread has to live as
    long as the child may.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno))
    if os.getppid() != parent:  # it ended before the call above
        os._exit(0)


def give_memory_back(threshold: int = 1 << 16) -> None:
    """Have the C library return each block of over ``threshold`` bytes to the system once it is freed.

    Left to itself glibc moves that border up with what is freed, to 32 MB, and keeps such blocks in heaps with holes
    that never close: over an hour a station that decodes and drops audio grew by 25 MB. Other C libraries have no such
    border; there this does nothing.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, threshold)


def child_environment() -> dict[str, str]:
    """Return ours for a child, with one thread for each library, and with the code that runs here before any other."""
    source_root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [source_root, os.environ.get("PYTHONPATH")]))
    return {**os.environ, **dict.fromkeys(_ONE_THREAD_EACH, "1"), "PYTHONPATH": path}


def take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return what this process has as stdin and stdout; give libraries nothing to read, and stderr to print to."""
    read = os.fdopen(os.dup(0), "rb")
    write = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return read, write


def limit_data(megabytes: int) -> None:
    """Limit the memory that this process may allocate, in MiB; 0 sets no limit."""
    if megabytes > 0:
        bytes_ = megabytes * 1024 * 1024
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard != resource.RLIM_INFINITY:
            bytes_ = min(bytes_, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (bytes_, hard))


def step_back(niceness: int) -> None:
    """Give way to other processes by ``niceness`` steps."""
    with contextlib.suppress(OSError):
        os.nice(niceness)


@contextlib.contextmanager
def at_most(seconds: float, late: Callable[[], object]) -> Iterator[None]:
    """Call ``late`` and end this process if what is done here takes longer; the kernel ends its children with it."""

    def force() -> None:
        late()
        os._exit(1)

    timer = threading.Timer(seconds, force)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def be_killed_first(adjustment: int) -> None:
    """Tell the kernel to rather kill this process than others when memory runs out.

    Any process may raise its own value; where /proc is closed, as in some containers, it stays as it is.

    Args:
        adjustment: of the badness that the kernel chooses by, in thousandths of all memory, from 0 to 1000.
    """
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(adjustment), encoding="ascii")


def resident_mb(pid: int | None = None) -> float:
    """Return the resident memory of a process in MiB, of this one by default; 0 if it has ended."""
    try:
        with open(f"/proc/{pid or 'self'}/statm", encoding="ascii") as statm:  # noqa: PTH123 - not a file to keep
            pages = int(statm.read().split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * resource.getpagesize() / 2**20
