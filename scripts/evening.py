"""Four moods in an evening: `make evening`. With ``--write``, what was heard goes to docs/evening.md.

A station with an empty bank runs in real time on loopback, with a real Icecast beside it, on a programme whose moods
change every few minutes. Two listeners note the titles they get, one of the built-in stream and one of the Icecast
mount. For each change the time set is compared with the log and with those titles. Needs what `make test` installs.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from onair import MOUNT, free_port, read_titles, start_icecast, write_password

MOODS = ("dawn", "day", "dusk", "night")
BOUND = 90.0  # seconds by which a change may miss its time
FAULT_AT = 0.45  # where in the evening the studio fails, as a share of it
REPORT = Path("docs/evening.md")


class Change(NamedTuple):
    """A change that the programme names, in seconds since 1970."""

    at: float
    mood: str


@dataclass
class Evening:
    """A station at work: its folder, its ports, its process, and what its listeners noted."""

    folder: Path
    changes: list[Change]
    web: int
    cast: int
    station: subprocess.Popen[bytes]
    built_in: list[tuple[float, str]] = field(default_factory=list)
    mount: list[tuple[float, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def log(self) -> list[dict[str, Any]]:
        """Return the events that the station has logged."""
        lines = (self.folder / "station.log").read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def airings(self) -> list[tuple[float, dict[str, Any]]]:
        """Return what the log says was on air, and from when on."""
        events = [event for event in self.log if event["event"] == "on_air"]
        return [(datetime.fromisoformat(event["timestamp"]).timestamp(), event) for event in events]


class Tape:
    """A sink that keeps the PCM as it left: float32, little-endian, stereo, with the time of its first frame beside it.

    The pacing thread only hands over; another one writes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._blocks: queue.SimpleQueue[tuple[float, bytes] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="tape", daemon=True)
        self._thread.start()

    def offer(self, block: Any) -> None:
        """Take a block of the timeline."""
        self._blocks.put((time.time(), block.pcm.astype("<f4").tobytes()))

    def close(self) -> None:
        """Write what is left."""
        self._blocks.put(None)
        self._thread.join()

    def _write(self) -> None:
        first = None
        with self._path.open("wb") as file:
            while (taken := self._blocks.get()) is not None:
                if first is None:
                    first = taken[0]
                    described = {"first_frame": first, "first_frame_utc": str(datetime.fromtimestamp(first, UTC))}
                    self._path.with_suffix(self._path.suffix + ".json").write_text(
                        json.dumps(described) + "\n", "utf-8"
                    )
                file.write(taken[1])


def serve(config: Path, tape: Path | None) -> int:
    """Run a station until it is told to stop, a tape running beside it where one is asked for."""
    from latentfm import service
    from latentfm.config import load_config, load_playlists
    from latentfm.ops import logs

    logs.configure("info", spool=True)
    settings = load_config(config, {})
    sink = Tape(tape) if tape else None
    try:
        return service.run(settings, load_playlists(settings), sinks=[sink] if sink else [])
    finally:
        if sink:
            sink.close()
        logs.close()


def plan(begin: float, minutes: float, moods: tuple[str, ...]) -> list[Change]:
    """Return a mood for each part of the evening; the first is on already, the others begin at whole minutes."""
    part = minutes * 60 / len(moods)
    first = Change(begin // 60 * 60, moods[0])
    return [first, *(Change((begin + place * part + 30) // 60 * 60, mood) for place, mood in enumerate(moods) if place)]


def write_config(folder: Path, changes: list[Change], ports: tuple[int, int], takes_ahead: int) -> Path:
    """Write the station's configuration."""
    web, cast = ports
    clock = [datetime.fromtimestamp(change.at, UTC) for change in changes]
    entries = [
        f'  {{ at = "{at:%H:%M}", playlist = "{change.mood}" }},' for at, change in zip(clock, changes, strict=True)
    ]
    path = folder / "config.toml"
    lines = [
        f"[station]\nstate_dir = {str(folder / 'state')!r}",
        f"[web]\nport = {web}",
        f"[studio]\ntakes_ahead = {takes_ahead}",
        f'[programme]\nplaylist = "{changes[0].mood}"\ntimezone = "UTC"',
        "\n".join(["entries = [", *entries, "]"]),
        f'[[outputs]]\ntype = "icecast"\nurl = "http://127.0.0.1:{cast}/{MOUNT}"',
        f"password_file = {str(write_password(folder))!r}",
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@contextlib.contextmanager
def on_air(folder: Path, options: argparse.Namespace) -> Iterator[Evening]:
    """Start an Icecast and a station, and two listeners; stop them all."""
    cast_folder = folder / "icecast"
    cast_folder.mkdir(parents=True)
    folder.chmod(0o755)
    web, cast = free_port(), free_port()
    changes = plan(time.time(), options.minutes, tuple(options.moods.split(",")))
    config = write_config(folder, changes, (web, cast), options.takes_ahead)
    command = [sys.executable, str(Path(__file__)), "--serve", str(config)]
    if options.tap:
        command += ["--tap", str(options.tap.absolute())]
    icecast = start_icecast(cast_folder, cast)
    with (folder / "station.log").open("wb") as stderr:
        station = subprocess.Popen(command, stderr=stderr)
    evening = Evening(folder, changes, web, cast, station)
    stop = threading.Event()
    for url, titles in (
        (f"http://127.0.0.1:{web}/stream.mp3", evening.built_in),
        (f"http://127.0.0.1:{cast}/{MOUNT}", evening.mount),
    ):
        threading.Thread(target=read_titles, args=(url, titles, stop), daemon=True).start()
    try:
        yield evening
    finally:
        stop.set()
        station.send_signal(signal.SIGTERM)
        station.wait(20)
        icecast.terminate()
        icecast.wait(10)


def children(pid: int) -> list[int]:
    """Return the process ids of a process's children."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def break_studio(evening: Evening, seconds: float) -> None:
    """Kill the studio's child, and hold whichever takes its place for a while."""
    evening.faults.append(f"{shown(time.time())}: studio killed, and its successors stopped for {seconds:.0f} s")
    for child in children(evening.station.pid):
        os.kill(child, signal.SIGKILL)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for child in children(evening.station.pid):
            os.kill(child, signal.SIGSTOP)
        time.sleep(0.5)
    for child in children(evening.station.pid):
        os.kill(child, signal.SIGKILL)


def mood_of(take: str) -> str:
    """Return the playlist in a take's id; of the bed there is none."""
    match = re.match(r"(.+)-\d{6}-s", take)
    return match[1] if match else ""


def first_of(mood: str, heard: list[tuple[float, str]], near: float) -> float | None:
    """Return when a mood came on, of the times it did the one nearest to ``near``."""
    began = [
        at for place, (at, name) in enumerate(heard) if name == mood and (not place or heard[place - 1][1] != mood)
    ]
    return min(began, key=lambda at: abs(at - near), default=None)


def shown(at: float | None) -> str:
    """Return a moment as text."""
    return "never" if at is None else f"{datetime.fromtimestamp(at, UTC):%H:%M:%S}"


def judge(evening: Evening) -> tuple[list[str], float]:
    """Return a line of a table for each change, and by how many seconds the worst missed its time."""
    airings = evening.airings()
    moods = {event["title"]: mood_of(event["take"]) for _, event in airings}
    by_log = [(at, mood_of(event["take"])) for at, event in airings]
    by_titles = [[(at, moods.get(title, "")) for at, title in heard] for heard in (evening.built_in, evening.mount)]
    rows, worst = [], 0.0
    for change in evening.changes[1:]:
        cells = [change.mood, shown(change.at)]
        for heard in (by_log, *by_titles):
            at = first_of(change.mood, heard, change.at)
            miss = float("inf") if at is None else at - change.at
            worst = max(worst, abs(miss))
            cells.append(f"{shown(at)} ({miss:+.0f} s)")
        rows.append("| " + " | ".join(cells) + " |")
    return rows, worst


def report(evening: Evening, minutes: float) -> tuple[str, bool]:
    """Return what was heard, and whether each change was in time."""
    rows, worst = judge(evening)
    aired = [
        f"| {shown(at)} | {mood_of(event['take']) or '(bed)'} | {event['title']} | {event['origin']} |"
        for at, event in evening.airings()
    ]
    text = f"""# A programme of {len(evening.changes)} moods in {minutes:g} minutes

Written by `make evening ARGS=--write`: a station with an empty bank and a real Icecast, in real time. It began with
{evening.changes[0].mood}. Times are UTC; behind each, the seconds by which it differs from the time set.

| mood | set | by the log | title, built-in stream | title, Icecast mount |
|---|---|---|---|---|
{chr(10).join(rows)}

The worst difference is {worst:.0f} s; {BOUND:.0f} s are allowed. Faults made: {"; ".join(evening.faults) or "none"}.

What aired:

| from | mood | title | origin |
|---|---|---|---|
{chr(10).join(aired)}
"""
    return text, worst <= BOUND


def main() -> int:
    """Listen to an evening and report; return 1 where a change missed its time."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--moods", default=",".join(MOODS), help="in their order, with commas between")
    parser.add_argument("--takes-ahead", type=int, default=3)
    parser.add_argument(
        "--fault", type=float, metavar="SECONDS", help="keep the studio away for so long, in the middle"
    )
    parser.add_argument("--tap", type=Path, metavar="FILE", help="keep the PCM that left the timeline, raw float32")
    parser.add_argument("--folder", type=Path, help="keep configuration, state and log here; it must not exist")
    parser.add_argument("--write", action="store_true", help=f"write the report to {REPORT}")
    parser.add_argument("--serve", type=Path, metavar="CONFIG", help="be the station; what the script starts itself")
    options = parser.parse_args()
    if options.serve:
        return serve(options.serve, options.tap)
    with contextlib.ExitStack() as stack:
        folder = options.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(exist_ok=options.folder is None)
        with on_air(folder.absolute(), options) as evening:
            end = time.monotonic() + options.minutes * 60
            if options.fault:
                time.sleep(options.minutes * 60 * FAULT_AT)
                break_studio(evening, options.fault)
            while time.monotonic() < end and evening.station.poll() is None:
                time.sleep(0.5)
        text, in_time = report(evening, options.minutes)
        print(text)
        if options.write:
            REPORT.write_text(text, encoding="utf-8")
    return int(not in_time)


if __name__ == "__main__":
    sys.exit(main())
