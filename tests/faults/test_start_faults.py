"""Whatever a station finds when it starts, after a fault or for the first time, it starts."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from typing import Any

import pytest

from latentfm.history import FILE
from latentfm.history.archive import Archive

CONFIG = "studio.first_take_seconds = 240\nstudio.takes_ahead = 3\n"
CHORDS = {"LATENTFM_TEST_CHILD": "../studio/fault_child.py chords", "LATENTFM_TEST_PACE": "4"}


def test_a_station_that_is_killed_at_any_moment_loses_nothing(start_station: Any, full: bool) -> None:
    """The station is killed with -9 in the middle of whatever is being written, again and again.

    Each time the next start is on air, sweeps what was half written, keeps every take that was published, and goes on
    from the last section; the history is sound and strictly in order.
    """
    chance = random.Random(1)
    known: set[str] = set()
    runs = 40 if full else 6
    for run in range(runs):
        station = start_station(config=CONFIG, environment=CHORDS)
        station.wait_for("ready")
        time.sleep(chance.uniform(0.2, 3.0))
        station.process.kill()
        station.process.wait(10)
        bank = station.state / "bank"
        published = {event["take"] for event in station.events("take_published")}
        known |= published
        for name in known:
            assert (bank / name / "take.json").is_file(), f"{name} is lost in run {run}"
    station = start_station(config=CONFIG, environment=CHORDS)
    station.wait_for("ready")
    station.wait_for("on_air", 2)
    assert not [path.name for path in bank.iterdir() if path.name.startswith(".going-")]
    assert station.events("take_damaged") == []
    assert station.terminate() == 0
    with Archive(station.state / FILE) as archive:
        airings = archive.airings()
    assert (order := [(one.run, one.first) for one in airings]) == sorted(order)
    with sqlite3.connect(station.state / FILE) as history:
        assert history.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    sections = [json.loads((bank / name / "take.json").read_bytes())["carry"]["section"] for name in known]
    assert len(set(sections)) == len(sections), "a section was made twice"


@pytest.mark.parametrize("rubbish", ["empty", "binary"])
def test_state_files_that_are_rubbish_are_begun_anew(start_station: Any, rubbish: str) -> None:
    """Every file of the state folder is overwritten with rubbish; the station starts, and says what it lost."""
    first = start_station(config=CONFIG, environment=CHORDS)
    first.wait_for("on_air", 2)
    assert first.terminate() == 0
    for path in [path for path in first.state.iterdir() if path.is_file()]:
        path.write_bytes(b"" if rubbish == "empty" else random.Random(1).randbytes(5000))
    again = start_station(config=CONFIG, environment=CHORDS)
    again.wait_for("ready")
    again.wait_for("on_air", 2)
    again.wait_until_well()
    assert again.terminate() == 0
