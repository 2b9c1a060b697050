"""A whole station with speakers: they play what is on air, and their loss costs nothing but themselves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from sound_server import DEVICE, SoundServer

CONFIG = f'[[outputs]]\ntype = "soundcard"\ndevice = "{DEVICE}"\n'


def speakers(station: Any) -> dict[str, Any]:
    """Return what the station says of its speakers."""
    document = json.loads(station.get("/status.json")[1])
    (output,) = [output for output in document["outputs"] if output["kind"] == "soundcard"]
    return {"health": document["health"], **output}


def test_a_station_plays_on_speakers_and_goes_on_without_them(
    sound_server: SoundServer, start_station: Callable[..., Any]
) -> None:
    """They are heard; unplugged, the station is degraded and still ready; plugged in again, they are heard again."""
    station = start_station(config=CONFIG)
    connected = station.wait_for("output_connected")
    assert connected["output"] == f"soundcard {DEVICE}"
    until_heard(sound_server)
    assert speakers(station)["state"] == "connected"
    sound_server.unplug()
    station.wait_for("output_lost")
    said = speakers(station)
    assert (said["health"], said["state"], said["listeners"]) == ("degraded", "waiting", None)
    assert station.get("/readyz")[0] == 200
    sound_server.plug()
    station.wait_for("output_reconnected")
    until_heard(sound_server)
    assert speakers(station)["connects"] == 2
    assert not station.events("sink_failed")
    assert not station.events("part_failed")
    assert station.terminate() == 0
    assert "numpy" in station.modules.read_text().splitlines()
    assert "sounddevice" not in station.modules.read_text().splitlines()


def until_heard(server: SoundServer) -> None:
    """Return once the speakers play something that is not silence; a failing test is ended by its time limit."""
    while np.abs(server.record(0.3)).max() < 0.01:
        time.sleep(0.1)
