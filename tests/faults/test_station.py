"""A whole station, and what may happen to it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from latentfm.errors import HistoryError
from latentfm.history import FILE, Shelf
from latentfm.history.archive import Archive, Place
from latentfm.history.recreate import make
from latentfm.station import SHIPPED

Start = Callable[..., Any]
NOT_IN_THE_STREAMING_PROCESS = (
    "ai_edge_litert",
    "fluidsynth",
    "note_seq",
    "pretty_midi",
    "pyloudnorm",
    "scipy",
    "tensorflow",
)


class Listener(threading.Thread):
    """Records a stream until the station or the test ends it."""

    def __init__(self, url: str, path: Path) -> None:
        super().__init__(daemon=True)
        self._url, self.path = url, path
        self._done = threading.Event()
        self.start()

    def run(self) -> None:
        """Write what comes."""
        with urllib.request.urlopen(self._url, timeout=10) as stream, self.path.open("wb") as file:
            while not self._done.is_set():
                file.write(stream.read(4096))

    def longest_silence(self) -> tuple[float, float]:
        """Stop; return the seconds of the recording and those of its longest stretch below -50 dBFS."""
        self._done.set()
        self.join(15)
        pcm, rate = sf.read(self.path, dtype="float32")
        loud = np.flatnonzero(np.abs(pcm).max(axis=1) > 10 ** (-50 / 20))
        gaps = np.diff(np.concatenate(([0], loud, [len(pcm)])))
        return len(pcm) / rate, float(gaps.max()) / rate


def _ready(station: Any) -> tuple[int, str]:
    """Return what the station says of its readiness."""
    status, body = station.get("/readyz")
    return status, json.loads(body)["health"]


def test_the_first_sound_is_the_bed_and_then_a_take(start_station: Start) -> None:
    """A station with nothing in its bank is heard at once, and goes over to the first take when that is made."""
    station = start_station()
    station.wait_for("ready")
    station.wait_for("on_air", times=2)
    assert [event["origin"] for event in station.events("on_air")][:2] == ["bed", "fresh"]
    assert _ready(station) == (200, "ready")
    now = json.loads(station.get("/status.json")[1])["now"]
    assert now["title"] == "Chord 0"
    assert station.terminate() == 0


def test_what_ships_is_on_air_first_and_what_is_made_goes_on_from_it(start_station: Start) -> None:
    """A new station begins with a take that ships, without the bed; its first brief follows from that take's carry."""
    station = start_station(shipped=True)
    first = station.wait_for("on_air")
    assert (first["origin"], _ready(station)) == ("shipped", (200, "ready"))
    made = station.wait_for("take_published")["take"]
    brief = json.loads((station.state / "bank" / made / "take.json").read_bytes())["provenance"]["brief"]
    shipped = json.loads((SHIPPED / first["take"] / "take.json").read_bytes())
    assert brief["carry"]["latent"] == shipped["carry"]["latent"]
    assert station.terminate() == 0


def test_a_restart_plays_the_bank_and_goes_on_where_it_was(start_station: Start) -> None:
    """The bank is on air at once, without the bed, and the next section follows from the last one's carry."""
    station = start_station(config="studio.takes_ahead = 2")
    station.wait_for("take_published", times=3)
    station.wait_for("on_air", times=2)
    assert station.terminate() == 0
    before = {path.name: json.loads((path / "take.json").read_bytes()) for path in (station.state / "bank").iterdir()}
    last = max(before.values(), key=lambda take: take["carry"]["section"])
    again = start_station(config="studio.takes_ahead = 3")
    assert again.wait_for("on_air")["origin"] == "fresh"
    made = again.wait_for("take_published")["take"]
    brief = json.loads((again.state / "bank" / made / "take.json").read_bytes())["provenance"]["brief"]
    assert brief["carry"] == last["carry"]
    assert brief["seed"] not in {take["seed"] for take in before.values()}


def test_the_music_goes_on_while_the_child_breaks(start_station: Start, tmp_path: Path) -> None:
    """A child that stops, the next that dies and one killed from outside are replaced, and no listener notices."""
    station = start_station(plan="stop die", config="studio.first_take_seconds = 10\nstudio.takes_ahead = 2")
    listener = Listener(station.url("/stream.mp3"), tmp_path / "stream.mp3")
    (stopped,) = _children(station)
    station.wait_for("studio_recovered")
    assert [event["error"] for event in station.events("brief_failed")] == ["hung", "died"]
    (working,) = _children(station)
    assert working != stopped
    os.kill(working, signal.SIGKILL)
    station.wait_for("studio_recovered", times=2)
    assert station.get("/readyz")[0] == 200
    seconds, silence = listener.longest_silence()
    assert seconds > 10
    assert silence < 0.5


def _children(station: Any) -> list[int]:
    deadline = time.monotonic() + 20
    while not (children := station.children()):
        assert time.monotonic() < deadline, station.log
        time.sleep(0.05)
    return list(children)


@pytest.mark.parametrize("fault", ["hang", "stop"])
def test_a_station_that_is_killed_leaves_no_child(
    start_station: Start, is_alive: Callable[[int], bool], fault: str
) -> None:
    """Five seconds after kill -9 no child is left, be it hung or stopped."""
    station = start_station(plan=fault)
    (child,) = _children(station)
    station.wait_for("studio_started")
    station.process.kill()
    deadline = time.monotonic() + 5
    while is_alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("fault", ["hang", "stop"])
def test_a_station_with_a_hung_child_stops_in_time(
    start_station: Start, is_alive: Callable[[int], bool], fault: str
) -> None:
    """Five seconds after SIGTERM station and child are gone, with a listener connected."""
    station = start_station(plan=fault)
    (child,) = _children(station)
    station.wait_for("studio_started")
    with urllib.request.urlopen(station.url("/stream.mp3"), timeout=10) as stream:
        assert stream.read(4096)
        began = time.monotonic()
        assert station.terminate() == 0
        assert time.monotonic() - began < 5
    assert not is_alive(child)
    assert [event for event in station.events() if event["level"] in ("warning", "error")] == []


def test_the_streaming_process_stays_light(start_station: Start) -> None:
    """What only composing and rendering need is neither mapped nor imported where the stream is paced."""
    station = start_station()
    station.wait_for("take_published")
    station.wait_for("on_air", times=2)
    maps = Path(f"/proc/{station.pid}/maps").read_text()
    mapped = set(re.findall(r"/([A-Za-z0-9_]+)[^/\n]*\.so", maps)) | set(
        re.findall(r"-packages/([A-Za-z0-9_]+)/", maps)
    )
    assert "numpy" in mapped
    assert not [
        name
        for name in mapped
        if name.removeprefix("lib").startswith(NOT_IN_THE_STREAMING_PROCESS)
        and not name.startswith("libscipy_openblas")
    ]
    assert station.terminate() == 0
    imported = {name.partition(".")[0] for name in station.modules.read_text().split()}
    assert {"numpy", "latentfm", "soundfile"} < imported
    assert not imported & set(NOT_IN_THE_STREAMING_PROCESS)


def test_a_state_folder_that_cannot_be_written_is_told_at_once(start_station: Start, tmp_path: Path) -> None:
    """The station ends with status 2 and says which folder, why, and what to do."""
    (tmp_path / "file").write_text("in the way")
    station = start_station(environment={"LATENTFM_STATION__STATE_DIR": str(tmp_path / "file" / "state")})
    assert station.process.wait(30) == 2
    assert re.search(
        r"latentfm: the state folder .*file/state can't be written: Not a directory; .*state_dir", station.log
    )


def test_a_second_station_leaves_the_first_alone(start_station: Start) -> None:
    """On the same state folder the second one ends, names the first, and changes nothing."""
    first = start_station()
    first.wait_for("ready")
    second = start_station()
    assert second.process.wait(30) == 1
    assert f"another station runs on the state folder {first.state} (process {first.pid})" in second.log
    assert first.get("/readyz")[0] == 200


def test_stacks_of_all_threads_come_on_request(start_station: Start) -> None:
    """SIGUSR1 writes every thread's stack to the log, and the station plays on."""
    station = start_station()
    station.wait_for("ready")
    os.kill(station.pid, signal.SIGUSR1)
    station.wait_for("stack", times=5)
    time.sleep(0.3)
    threads = " ".join(event["thread"] for event in station.events("stack"))
    for name in ("MainThread", "runway", "director", "studio", "producer"):
        assert name in threads
    assert station.get("/readyz")[0] == 200


def test_systemd_hears_of_a_station_that_is_audible(start_station: Start, tmp_path: Path) -> None:
    """READY comes with the first sound, WATCHDOG goes on, STATUS tells of the music, STOPPING comes at the end."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(20)
        station = start_station(environment={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "900000"})
        said = [manager.recv(1000).decode()]
        while not said[-1].startswith("STATUS="):
            said.append(manager.recv(1000).decode())
        assert station.terminate() == 0
        while (last := manager.recv(1000).decode()) == "WATCHDOG=1" or last.startswith("STATUS="):
            continue
    assert said[0] == "READY=1"
    assert set(said[1:-1]) == {"WATCHDOG=1"}
    assert re.fullmatch(r'STATUS=".+" \(day, .+\); runway .+ fresh', said[-1])
    assert last == "STOPPING=1"


def test_a_busy_port_costs_that_output_only(start_station: Start) -> None:
    """The station goes on air, says what is wrong with the port, and serves it once it is free."""
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        station = start_station(environment={"LATENTFM_WEB__PORT": str(port)})
        station.wait_for("ready")
        assert f"port {port} on 127.0.0.1 is in use" in station.wait_for("part_failed")["reason"]
    assert station.wait_for("web_listening")["port"] == port


def test_a_killed_station_leaves_its_history(start_station: Start, tmp_path: Path) -> None:
    """What aired is made again while the station runs and after kill -9; the next start is another run of the same."""

    def recreated(state: Path, run: int) -> int:
        with Archive(state / FILE) as archive:
            frames = archive.frames(run)
            shelf = Shelf(state / "bank", tmp_path / "none")
            made = make(archive, shelf, Place(run, frames // 2), frames, tmp_path / "again.wav")
            assert made.doubts == ()
            assert np.abs(sf.read(tmp_path / "again.wav")[0]).max() > 0.01
            return made.frames

    def written(state: Path, run: int) -> bool:
        try:
            with Archive(state / FILE) as archive:
                return archive.airings()[-1].run == run
        except (HistoryError, IndexError):
            return False

    for run in (1, 2):
        station = start_station()
        deadline = time.monotonic() + 30
        while not written(station.state, run):
            assert time.monotonic() < deadline, station.log
            time.sleep(0.2)
        assert recreated(station.state, run) > 48_000
        station.process.kill()
        station.process.wait(10)
    assert recreated(station.state, 1) > 48_000
    assert recreated(station.state, 2) > 48_000
