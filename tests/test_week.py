"""A week in a minute, and an hour with real sound: the whole station on one clock. `make week` plays the long forms.

Each runs in a process of its own, as it sets the sampling rate of everything: see ``tests/support/week``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FULL = bool(os.environ.get("LATENTFM_TEST_FULL"))

Play = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def play(repository: Path) -> Play:
    """Return a function that runs a module of the week, and returns what it printed."""

    def run(module: str, *options: object, sound: bool = False) -> list[dict[str, Any]]:
        environ = {
            **os.environ,
            "PYTHONPATH": f"{repository / 'daemon'}{os.pathsep}{repository / 'tests' / 'support'}",
            "WEEK_SOUND": "1" if sound else "",
        }
        command = [sys.executable, "-m", module, *map(str, options)]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-6000:]
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


@pytest.mark.slow
@pytest.mark.timeout(7200 if FULL else 300)
def test_days_of_seeds(play: Play) -> None:
    """Whatever a seed brings, the station is never blank, nothing overflows, and it finds back by itself."""
    days = play("week", "--seeds", *(range(1, 5) if FULL else (2, 7)), "--hours", 168 if FULL else 8)
    assert all(day["blocks"] > 0.7 * 1800 * day["hours"] for day in days)
    assert sum(sum(day["events"].values()) for day in days) > 20
    assert min(sum(day[name] for day in days) for name in ("settled_looks", "sound_looks", "airings")) > 100


@pytest.mark.slow
@pytest.mark.timeout(7200 if FULL else 300)
def test_schedules_that_are_drawn(play: Play) -> None:
    """The same of schedules that hypothesis draws; what goes wrong is shrunk to the events that it takes."""
    play("week", "--examples", 200 if FULL else 4, "--example-hours", 6 if FULL else 2)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_is_broken_is_found(play: Play) -> None:
    """The witness finds each of the faults that are built in on purpose."""
    assert len(play("week", "--sabotage")) >= 9


@pytest.mark.slow
@pytest.mark.timeout(7200 if FULL else 300)
def test_an_hour_of_real_sound(play: Play) -> None:
    """With real takes at 48 kHz no silence, no peak, no cut and the right loudness; in short: three minutes."""
    for hour in play("week.hour", "--minutes", 60 if FULL else 3, "--every", 4 if FULL else 1, sound=True):
        assert hour["minutes"] > (55 if FULL else 2.7)
        assert hour["true_peak"] <= -0.9
        assert hour["longest_silence"] <= 0.5
        assert -20.0 <= hour["lufs"] <= -15.0  # moods are up to 3 LU softer than the station
