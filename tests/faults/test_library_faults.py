"""Instruments are made beside the music: whoever kills their making, or takes its room, nothing of it is heard."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from latentfm.render.soundfonts import verify

BUSY = """\
programme.playlist = "night"  # which walks from blend to blend
timbres.cpu_share = 1
studio.takes_ahead = 1
studio.first_take_seconds = 240
"""
pytestmark = pytest.mark.full  # tests/luthier has the short forms
SLOW = 2  # times as fast: an instrument takes a processor for some twenty seconds
PATIENCE = 200


def maker(station: Any) -> int:
    """Return the process that makes an instrument."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for pid in station.children():
            if b"latentfm.luthier" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return int(pid)
        time.sleep(0.05)
    raise AssertionError(f"no instrument is being made:\n{station.log}")


def library(station: Any) -> list[Path]:
    """Return what lies among the instruments, half-written files as well."""
    return sorted((station.state / "timbres").iterdir())


def test_an_instrument_whose_making_is_killed_is_made_later(on_air: Any) -> None:
    """It is told, leaves nothing behind, and the next one is made meanwhile."""
    with on_air("chords", config=BUSY, pace=SLOW) as station:
        os.kill(maker(station), signal.SIGKILL)
        failed = station.wait_for("instrument_failed", seconds=PATIENCE)
        assert failed["reason"].startswith("signal 9")
        made = station.wait_for("instrument_made", seconds=PATIENCE)
        assert made["name"] != failed["name"]
        assert failed["name"] not in {path.stem for path in library(station)}
        verify(station.state / "timbres" / f"{made['name']}.sf2")


def test_a_library_goes_on_after_the_station_was_killed(
    start_station: Callable[..., Any], is_alive: Callable[[int], bool]
) -> None:
    """Killed in the middle of an instrument: its maker ends too, what was half written goes, and it is made at last."""
    station = start_station(config=BUSY)
    begun = station.wait_for("instrument_begun", seconds=PATIENCE)
    pid = maker(station)
    half = station.state / "timbres" / f".{begun['name']}.sf2.1"
    half.parent.mkdir(exist_ok=True)
    half.write_bytes(b"RIFF")
    station.process.kill()
    station.process.wait(10)
    until = time.monotonic() + 10
    while is_alive(pid):
        assert time.monotonic() < until, "the maker outlives its station"
        time.sleep(0.05)
    again = start_station(config=BUSY)
    assert again.wait_for("instrument_begun", seconds=PATIENCE)["name"] == begun["name"]
    assert not half.exists()
    assert again.wait_for("instrument_made", seconds=PATIENCE)["name"] == begun["name"]
    verify(again.state / "timbres" / f"{begun['name']}.sf2")
    assert again.terminate() == 0
    assert not [path for path in library(again) if path.name.startswith(".")]


@pytest.mark.parametrize("sound", ["music", "chords"])
def test_a_library_that_is_full_makes_no_more(on_air: Any, sound: str) -> None:
    """There is room for one: it is made, that there is none for another is told once, and the music goes on."""
    with on_air(sound, config=BUSY + "timbres.max_mb = 2\n", pace=SLOW) as station:
        station.wait_for("instrument_made", seconds=PATIENCE)
        station.wait_for("instruments_full", seconds=PATIENCE)
        station.wait_for_fresh()
        assert len(library(station)) == 1
        assert sum(path.stat().st_size for path in library(station)) < 2e6
        assert not station.events("instrument_begun")
