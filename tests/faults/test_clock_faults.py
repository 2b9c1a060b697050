"""Clocks that are set, by years and by the hour twice a year: the music does not care, and the programme follows."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

YEAR = 365 * 24 * 3600.0
PATIENT = "studio.first_take_seconds = 240\nstudio.takes_ahead = 1\n"
PROGRAMME = """
[programme]
playlist = "day"
timezone = "Europe/Berlin"
entries = [{ at = "02:30", playlist = "night" }, { at = "03:30", playlist = "dawn" }]
"""


@pytest.mark.parametrize("sound", [pytest.param("music", marks=pytest.mark.full), "chords"])
@pytest.mark.parametrize("jump", [YEAR, -YEAR], ids=["forwards", "back"])
def test_a_clock_that_is_set_by_a_year_disturbs_nothing(on_air: Any, tmp_path: Path, sound: str, jump: float) -> None:
    """It is noticed, and takes go on being made, aired and written down."""
    offset = tmp_path / "offset"
    with on_air(sound, config=PATIENT, environment={"LATENTFM_TEST_CLOCK": str(offset)}) as station:
        offset.write_text(str(jump))
        assert station.wait_for("clock_jumped")["seconds"] == pytest.approx(jump, abs=10)
        station.wait_for_fresh(2, seconds=100)
        offset.write_text("0")
        station.wait_for_fresh(1, seconds=100)


@pytest.mark.parametrize("change", ["2027-03-28", "2026-10-25"], ids=["to summer", "to winter"])
def test_the_programme_follows_both_daylight_saving_changes(on_air: Any, tmp_path: Path, change: str) -> None:
    """Of 02:30, which comes never or twice, and 03:30 the moods follow, without a gap."""
    zone = ZoneInfo("Europe/Berlin")
    offset = tmp_path / "offset"

    def set_to(moment: str) -> None:
        offset.write_text(
            str(datetime.fromisoformat(f"{change}T{moment}").replace(tzinfo=zone).timestamp() - time.time())
        )

    def wait_for(mood: str) -> None:
        deadline = time.monotonic() + 10
        while json.loads(station.get("/status.json")[1])["programme"]["playlist"] != mood:
            assert time.monotonic() < deadline, f"{mood} is not on"
            time.sleep(0.05)

    set_to("01:50")
    with on_air("chords", config=PATIENT + PROGRAMME, environment={"LATENTFM_TEST_CLOCK": str(offset)}) as station:
        wait_for("dawn")
        set_to("02:40" if "10-25" in change else "03:10")
        wait_for("night")
        set_to("03:31")
        wait_for("dawn")
        station.wait_for_fresh(1, seconds=100)
