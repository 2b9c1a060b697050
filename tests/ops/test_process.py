"""What a process asks of Linux about itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from latentfm.ops.process import resident_mb


def test_a_process_whose_parent_is_another_leaves_at_once() -> None:
    """Asked to die with a process that is not its parent any more, a process ends before it does anything else."""
    code = "from latentfm.ops.process import die_with_parent; die_with_parent(1); print('still here')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=30, env=_environment())
    assert done.stdout == b""


def test_the_memory_limit_raises_memory_error() -> None:
    """Beyond RLIMIT_DATA an allocation fails as Python expects it to, and the process lives."""
    code = (
        "from latentfm.ops.process import limit_data\n"
        "limit_data(200)\n"
        "try: bytearray(400 * 2**20)\n"
        "except MemoryError: print('refused')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=30, env=_environment())
    assert done.stdout.strip() == b"refused"


def test_memory_that_is_freed_goes_back_to_the_system() -> None:
    """Blocks of some 100 KB, with small ones between them that stay, hold nothing once they are freed."""
    code = (
        "import sys\n"
        "from latentfm.ops.process import give_memory_back, resident_mb\n"
        "if sys.argv[1] == 'back': give_memory_back()\n"
        "for size in (30, 20): bytearray(size << 20)\n"  # which moves glibc's border up
        "blocks, between = [], []\n"
        "for _ in range(400): blocks.append(bytearray(100_000)); between.append(bytes(1000))\n"
        "del blocks\n"
        "print(resident_mb())"
    )
    kept, back = (
        float(
            subprocess.run(
                [sys.executable, "-c", code, how], capture_output=True, check=True, timeout=30, env=_environment()
            ).stdout
        )
        for how in ("kept", "back")
    )
    assert back < kept - 30


def test_resident_memory_is_that_of_the_process() -> None:
    """A live process has some, and one that ended has none."""
    assert 5 < resident_mb() < 10_000
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        process.wait(20)
        gone = process.pid
    assert resident_mb(gone) == 0.0


def _environment() -> dict[str, str]:
    assert signal.SIGKILL  # Linux
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
