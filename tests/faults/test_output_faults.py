"""An Icecast that goes wrong costs its own listeners only, and comes back by itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from listening import Ear
from scripted_icecast import ScriptedIcecast
from waiting import wait_until

RARER = ("403", "500", "stall", "nonsense", "half", "mute", "slow")
PATIENT = "studio.first_take_seconds = 240\n"


@pytest.fixture
def password(tmp_path: Path) -> Path:
    """Return a file with the source password of the real Icecast."""
    path = tmp_path / "password"
    path.write_text("hack me not\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def scripted(free_port: Callable[[], int]) -> Iterator[ScriptedIcecast]:
    """Return a server that misbehaves on request."""
    server = ScriptedIcecast(free_port())
    yield server
    server.close()


def output(url: str, password: Path) -> str:
    """Return the configuration of an output."""
    return f'[[outputs]]\ntype = "icecast"\nurl = "{url}"\npassword_file = "{password}"\n'


def state(station: Any) -> str:
    """Return how the Icecast output is."""
    outputs = json.loads(station.get("/status.json")[1])["outputs"]
    (found,) = [one["state"] for one in outputs if one["kind"] == "icecast"]
    return str(found)


@pytest.mark.parametrize("mood", ["401", "drop", *(pytest.param(mood, marks=pytest.mark.full) for mood in RARER)])
def test_a_server_that_misbehaves_is_tried_until_it_does_not(
    on_air: Any, scripted: ScriptedIcecast, password: Path, mood: Any
) -> None:
    """Others hear nothing of it; it is named once, and streams again by itself when the server is well."""
    with on_air("chords", config=PATIENT + output(scripted.url, password), pace=2) as station:
        wait_until(lambda: state(station) == "connected", 60)
        scripted.mood = mood
        sources = scripted.sources
        wait_until(lambda: scripted.sources >= sources + 2, 90)  # it was met so, left, and met so again
        station.wait_for("output_refused" if mood in ("401", "403") else "output_lost")
        scripted.mood = "ok"
        taken = scripted.received
        wait_until(lambda: scripted.received > taken + 50_000, 60)
        wait_until(lambda: state(station) == "connected", 60)
        lines = [event for event in station.events() if event["event"].startswith("output_")]
        assert len(lines) <= 8, lines


def test_a_server_that_is_not_there_at_boot_costs_nothing(
    on_air: Any, scripted: ScriptedIcecast, password: Path, full: bool
) -> None:
    """Nobody listens on the port, for ten minutes in the long form; then it is found."""
    scripted.close()
    with on_air("chords", config=PATIENT + output(scripted.url, password), pace=4) as station:
        time.sleep(150 if full else 8)
        assert state(station) == "waiting"
        scripted.open()
        wait_until(lambda: state(station) == "connected", 60)
        assert station.events("output_lost") == []


def test_a_name_that_can_not_be_resolved_is_tried_again(on_air: Any, password: Path) -> None:
    """DNS failing costs that output only; the station is as well as it can be."""
    config = PATIENT + output("http://nowhere.invalid:8000/latentfm.mp3", password)
    with on_air("chords", config=config, connected=False) as station:
        wait_until(lambda: state(station) == "waiting", 60)
        station.wait_for_fresh(2)
        assert state(station) == "waiting"


@pytest.mark.parametrize(
    "end", ["killed", *(pytest.param(end, marks=pytest.mark.full) for end in ("restarted", "paused"))]
)
def test_a_real_icecast_comes_back(
    on_air: Any, icecast: Any, password: Path, program: Callable[..., str], tmp_path: Path, end: str, full: bool
) -> None:
    """It goes, for ten minutes in the long form, and when it is back its listeners hear music again."""
    icecast.start()
    with on_air("music", config=PATIENT + output(icecast.url, password), pace=4) as station:
        wait_until(lambda: state(station) == "connected", 60)
        if end == "paused":
            icecast.pause()
        else:
            (icecast.stop if end == "restarted" else icecast.kill)()
        station.wait_for("output_lost", seconds=90)
        time.sleep(150 if full else 3)
        if end == "paused":
            icecast.resume()
        else:
            icecast.start()
        wait_until(lambda: state(station) == "connected", 90)
        ear = Ear(program("ffmpeg"), icecast.url, tmp_path / "icecast.f32")
        time.sleep(5)
        heard = ear.stop()
        assert heard.seconds > 4
        assert heard.longest_silence() <= 0.5
