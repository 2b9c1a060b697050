"""Stations in processes of their own, on loopback, with studios that go wrong as a test plans."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest

from listening import Ear, Heard

ANYBODY = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
HERE = Path(__file__).parent


class RunningStation:
    """A station's process, its log and its port."""

    def __init__(
        self, folder: Path, plan: str, config: str, environment: dict[str, str], prefix: Sequence[str] = ()
    ) -> None:
        """Start one.

        Args:
            folder: for its files.
            plan: what its studio does wrong.
            config: lines to add to its configuration, each table once.
            environment: variables besides those of the tests.
            prefix: what its command begins with.
        """
        self.folder = folder
        self.state = folder / "state"
        self.modules = folder / "modules"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "plan").write_text(plan)
        idle = "" if "timbres." in config else "timbres.cpu_share = 0\n"
        (folder / "config.toml").write_text(f'station.state_dir = "{self.state}"\nweb.port = 0\n{idle}{config}')
        self._skip = 0
        self._port: int | None = None
        self._log = folder / f"log-{time.monotonic_ns()}"
        command = [
            *prefix,
            sys.executable,
            str(HERE / "run_station.py"),
            str(folder / "config.toml"),
            str(folder / "plan"),
        ]
        path = os.pathsep.join(part for part in sys.path if part)
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, str(self.modules)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": path, **environment},
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def log(self) -> str:
        """All it has written."""
        return self._log.read_text()

    def events(self, name: str | None = None) -> list[dict[str, Any]]:
        """Return its log's events, or those of one name."""
        found = []
        for line in self.log[self._skip :].splitlines():
            if line.startswith("{") and line.endswith("}"):
                event = json.loads(line)
                if name in (None, event["event"]):
                    found.append(event)
        return found

    def wait_for(self, name: str, times: int = 1, seconds: float = 40) -> dict[str, Any]:
        """Return the event of a name once it has come ``times`` times; fail the test if it does not."""
        deadline = time.monotonic() + seconds
        while len(found := self.events(name)) < times:
            assert time.monotonic() < deadline, f"no {name} in:\n{self.log}"
            assert self.process.poll() is None, f"the station ended before {name}:\n{self.log}"
            time.sleep(0.05)
        return found[times - 1]

    def wait_for_any(self, names: Sequence[str], seconds: float = 40) -> dict[str, Any]:
        """Return the first event that has one of some names."""
        deadline = time.monotonic() + seconds
        while not (found := [event for event in self.events() if event["event"] in names]):
            assert time.monotonic() < deadline, f"none of {names} in:\n{self.log}"
            time.sleep(0.05)
        return found[0]

    def wait_for_fresh(self, times: int = 1, seconds: float = 60) -> None:
        """Wait until that many fresh takes more have gone on air, from now on."""
        self.forget()
        seen = 0
        while times:
            seen += 1
            times -= self.wait_for("on_air", seen, seconds)["origin"] == "fresh"

    def wait_until_well(self, *, connected: bool = True, seconds: float = 15) -> None:
        """Wait until it is ready and, unless it is not asked for, all outputs are connected.

        A hurried station takes every hold-up of a busy machine for one that is several times as long.
        """
        deadline = time.monotonic() + seconds
        while True:
            ready, status = self.get("/readyz")[0] == 200, json.loads(self.get("/status.json")[1])
            if ready and (not connected or all(output["state"] == "connected" for output in status["outputs"])):
                return
            assert time.monotonic() < deadline, status
            time.sleep(0.1)

    def forget(self) -> None:
        """Leave out of ``events`` and ``wait_for`` all that was logged until now."""
        self._skip = len(self.log)

    def children(self) -> list[int]:
        """Return the process ids of its children that live."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/children")
        pids = [int(pid) for task in tasks for pid in task.read_text().split()]
        return [pid for pid in pids if alive(pid)]

    def url(self, path: str) -> str:
        """Return an address on its port."""
        self._port = self._port or self.wait_for("web_listening")["port"]
        return f"http://127.0.0.1:{self._port}{path}"

    def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body of a page."""
        try:
            with urllib.request.urlopen(self.url(path), timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def terminate(self) -> int:
        """Ask it to stop and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def alive(pid: int) -> bool:
    """Return whether a process runs, stopped or not; one that only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


@pytest.fixture
def start_station(tmp_path: Path) -> Iterator[Callable[..., RunningStation]]:
    """A function that starts a station; every one is gone after the test."""
    started: list[RunningStation] = []

    def start(
        plan: str = "",
        config: str = "",
        name: str = "station",
        environment: dict[str, str] | None = None,
        *,
        shipped: bool = False,  # whether takes ship, which last for a minute
        as_anybody: bool = False,  # whether permissions hold for it, even if it is root's
    ) -> RunningStation:
        environment = environment or {}
        if not shipped:
            environment = {"LATENTFM_TEST_SHIPPED": str(tmp_path / "nothing"), **environment}
        prefix = ANYBODY if as_anybody and os.geteuid() == 0 else ()
        station = RunningStation(tmp_path / name, plan, config, environment, prefix)
        started.append(station)
        return station

    yield start
    for station in started:
        if station.process.poll() is None:
            station.process.kill()
            station.process.wait(10)


Sound = Literal["music", "chords", "real"]  # the takes that ship as if made now, sines, what the studio composes
PACE = 4
PATIENT = "studio.first_take_seconds = 240\n"  # of the station's seconds: a busy machine is no fault here
Air = Callable[..., AbstractContextManager[RunningStation]]


def judge(heard: Heard, sound: Sound) -> None:
    """Check what a listener heard: real music without a silence over half a second, steady chords without an edge."""
    assert not heard.cut_off, f"the stream broke off after {heard.seconds:.1f} s"
    assert heard.seconds > 3
    assert heard.longest_silence() <= 0.5
    if sound == "chords":
        assert heard.largest_edge() <= 6.0


@pytest.fixture
def on_air(start_station: Callable[..., RunningStation], program: Callable[..., str], tmp_path: Path) -> Air:
    """A station that lives four times as fast, with a listener from the first fresh take to the end of the block.

    What was logged before the block is forgotten; at its end what the listener heard is judged, and the station must
    be well: ready, and all its outputs connected.
    """

    @contextmanager
    def run(
        sound: Sound = "chords",
        plan: str = "",
        config: str = PATIENT,
        *,
        pace: float = PACE,
        environment: dict[str, str] | None = None,
        connected: bool = True,  # whether all outputs must be at the end
        as_anybody: bool = False,
    ) -> Iterator[RunningStation]:
        words = "spoiling_child.py" if sound == "real" else f"../studio/fault_child.py {sound}"
        child = {"LATENTFM_TEST_CHILD": words, "LATENTFM_TEST_PACE": str(pace)}
        station = start_station(
            plan, config, environment={**child, **(environment or {})}, shipped=sound != "chords", as_anybody=as_anybody
        )
        station.wait_for_fresh()
        ear = Ear(program("ffmpeg"), station.url("/stream.mp3"), tmp_path / "heard.f32")
        station.forget()
        try:
            yield station
        finally:
            heard = ear.stop()
        judge(heard, sound)
        station.wait_until_well(connected=connected)

    return run


FULL = bool(os.environ.get("LATENTFM_TEST_FULL"))


@pytest.fixture
def full() -> bool:
    """Whether the long forms are asked for: ``make faults``."""
    return FULL


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave what is marked ``full`` to ``make faults``, and give whole stations time on a busy machine."""
    for item in [item for item in items if HERE in item.path.parents]:
        item.add_marker(pytest.mark.timeout(900 if FULL else 300), append=False)
        if item.get_closest_marker("full") and not FULL:
            item.add_marker(pytest.mark.skip(reason="the long form: make faults"))


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    """The function ``alive``."""
    return alive
