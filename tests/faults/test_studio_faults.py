"""Whatever becomes of the studio, the music goes on, and fresh takes come back by themselves."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

import pytest


@pytest.mark.parametrize("sound", [pytest.param("music", marks=pytest.mark.full), "chords"])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_a_studio_that_is_killed_or_stopped_is_replaced(on_air: Any, sound: str, number: signal.Signals) -> None:
    """The child goes while it works or rests; the next one makes fresh takes."""
    with on_air(sound, config="studio.first_take_seconds = 60\nstudio.takes_ahead = 2") as station:
        (child,) = station.children()
        os.kill(child, number)
        station.wait_for("brief_failed", seconds=90)
        station.wait_for_fresh()
        assert child not in station.children()


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("hang", "hung"),
        pytest.param("error", "ComposeError", marks=pytest.mark.full),
        ("memory", "MemoryError"),
        pytest.param("garbage", "garbled", marks=pytest.mark.full),
    ],
)
def test_a_studio_that_breaks_on_every_order_for_a_while_is_survived(on_air: Any, word: str, error: str) -> None:
    """Orders in a row go wrong, be it five: what is there is played again, and then what is fresh."""
    with on_air("chords", config="studio.first_take_seconds = 40\nstudio.takes_ahead = 1") as station:
        (station.folder / "plan").write_text("\n".join([word] * (2 if word == "hang" else 5)))
        failed = station.wait_for("brief_failed", seconds=90)
        assert failed["error"] == error, failed
        while (station.folder / "plan").read_text():
            time.sleep(0.1)
        station.wait_for("studio_recovered", seconds=90)
        station.wait_for_fresh()
