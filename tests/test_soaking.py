"""What a soak measures with can tell a stream that is right from one that is not."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
RATE = 48_000


@pytest.fixture
def soaking(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the module, which lies beside the script that uses it."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import soaking  # noqa: PLC0415 - found there only

    return soaking


def play(hearing: Any, seconds: float, *, pace: float = 1.0, silent: tuple[float, float] = (0, 0)) -> None:
    """Let a stream be heard in bursts of half a second with two seconds ahead, as the runway sends it."""
    noise = np.random.default_rng(1).standard_normal((RATE // 10, 2)).astype(np.float32)
    for block in range(round(seconds * 10)):
        at = block / 10
        due = max(at // 0.5 * 0.5 - 2.0, 0.0) / pace
        hearing.hear(noise * (0.0 if silent[0] <= at < silent[1] else 0.1), 1000.0 + due)


def test_a_stream_in_time_has_no_gap_and_no_drift(soaking: Any) -> None:
    """Bursts are no gaps, half a second of rest is music, and what keeps time does not drift."""
    hearing = soaking.Hearing()
    play(hearing, 400, silent=(100, 100.5))
    assert (hearing.gap, hearing.starved) == (0.0, 0.0)
    assert hearing.seconds == pytest.approx(400)
    assert abs(hearing.drift(60)) < 0.001


@pytest.mark.parametrize("pace", [1.0003, 0.9997])
def test_a_stream_that_drifts_is_found_out(soaking: Any, pace: float) -> None:
    """A clock that is 300 millionths off gains, or loses, a tenth of a second in five minutes and a half."""
    hearing = soaking.Hearing()
    play(hearing, 420, pace=pace)
    assert hearing.drift(60) == pytest.approx((pace - 1) * 330, abs=0.02)


def test_silence_and_starving_are_gaps(soaking: Any) -> None:
    """A silence counts from its beginning; a player that waits for audio counts too."""
    hearing = soaking.Hearing()
    play(hearing, 30, silent=(10, 12))
    assert hearing.gap == pytest.approx(2.0, abs=0.02)
    late = soaking.Hearing()
    play(late, 10)
    late.hear(np.ones((4800, 2), np.float32), 1000.0 + 20.0)
    assert late.starved == pytest.approx(20 - 10 - soaking.BUFFER)


def test_too_short_a_run_says_nothing_of_drift(soaking: Any) -> None:
    """What can't be judged is no number, so that no bound on it holds."""
    hearing = soaking.Hearing()
    play(hearing, 40)
    assert math.isnan(hearing.drift(0))


def test_processes_are_measured(soaking: Any) -> None:
    """Memory, processor time and files of a process, and what its children use, in the same units as the kernel's."""
    busy = "import time; x = bytearray(50_000_000)\nwhile time.process_time() < 0.5: pass\nprint(flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout
        child.stdout.readline()
        looked = soaking.sample(os.getpid(), 1, 0.0)  # nobody is at that port
        assert child.pid in soaking.children(os.getpid())
        assert looked.studio > 50
        assert looked.studio_cpu >= 0.45
        assert looked.resident > 20
        assert looked.files > 2
        assert looked.figures == {}
    finally:
        child.communicate(b"\n")
