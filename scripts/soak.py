"""Hours of a real station, in real time: `make soak HOURS=1`. Writes what was heard and measured to docs/soak.md.

A station with an empty bank and its real studio starts on a free port, with a real Icecast where one is installed.
ffmpeg listens at both without a pause; every ten seconds `/metrics` and `/proc` are looked at. The exit status is 1
where a bound is missed. Nobody disturbs the station here: `make listen`, `make evening` and the tests do.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onair import MOUNT, free_port, mount_title, start_icecast, write_password
from soaking import ALLOWED, BUFFER, Ear, Sample, sample

EVERY = 10.0  # seconds between two looks
SETTLED = 600.0  # seconds after which memory is to be flat; half of the run where that is less
DRIFT = 0.050  # seconds
FLAT = 5.0  # MB
WINDOW = 600.0  # seconds of which the least and the most memory are taken: a take that is loaded comes and goes in it
JUDGED = 1_200.0  # seconds of a run from which on memory is judged: before, caches still fill
SILENT = -70.0  # LUFS: below it BS.1770 hears nothing
_READY = 60.0  # seconds that a start may take


@dataclass
class Bound:
    """Something that must hold."""

    what: str
    found: str
    wanted: str
    holds: bool


@dataclass
class Run:
    """A station at work, and what was noted of it."""

    station: subprocess.Popen[bytes]
    log: Path
    web: int
    cast: int | None
    ears: list[Ear]
    samples: list[Sample]

    def events(self) -> list[dict[str, Any]]:
        """Return the events that the station has logged."""
        return [json.loads(line) for line in self.log.read_text("utf-8").splitlines() if line.startswith("{")]


@contextlib.contextmanager
def on_air(folder: Path) -> Iterator[Run]:
    """Start an Icecast, a station and listeners; stop them all."""
    folder.chmod(0o755)
    web, cast = free_port(), None
    environ = os.environ | {"LATENTFM_WEB__PORT": str(web), "LATENTFM_STATION__STATE_DIR": str(folder / "state")}
    with contextlib.ExitStack() as undo:
        if shutil.which("icecast2", path=os.environ.get("PATH", "") + ":/usr/bin:/usr/sbin"):
            cast = free_port()
            (folder / "icecast").mkdir()
            icecast = start_icecast(folder / "icecast", cast)
            undo.callback(icecast.wait, 10)
            undo.callback(icecast.terminate)
            mount = f"http://127.0.0.1:{cast}/{MOUNT}"
            secret = write_password(folder)
            environ["LATENTFM_OUTPUTS"] = f'[{{ type = "icecast", url = "{mount}", password_file = "{secret}" }}]'
        log = folder / "station.log"
        with log.open("wb") as stderr:
            station = subprocess.Popen([sys.executable, "-m", "latentfm", "run"], env=environ, stderr=stderr)
        undo.callback(station.wait, 20)
        undo.callback(station.send_signal, signal.SIGTERM)
        run = Run(station, log, web, cast, [], [])
        _await(lambda: any(event["event"] == "ready" for event in run.events()), "the station did not start")
        urls = {"built-in stream": f"http://127.0.0.1:{web}/stream.mp3"}
        if cast is not None:
            server = cast
            _await(lambda: not mount_title(server).startswith("("), "the Icecast mount did not appear")
            urls["Icecast mount"] = mount
        for name, url in urls.items():
            ear = Ear(name, url, folder / f"ffmpeg-{len(run.ears)}.log")
            undo.callback(ear.stop)
            run.ears.append(ear)
        yield run


def _await(condition: Any, complaint: str) -> None:
    until = time.monotonic() + _READY
    while not condition():
        if time.monotonic() > until:
            raise SystemExit(complaint)
        time.sleep(0.2)


def watch(run: Run, seconds: float) -> None:
    """Look at a station every ten seconds, until its time is over or it ends."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds and run.station.poll() is None:
        with contextlib.suppress(OSError):  # it ends just now, which is told
            run.samples.append(sample(run.station.pid, run.web, began))
        time.sleep(min(EVERY, max(seconds - passed, 0.0)))
    for ear in run.ears:
        ear.stop()  # before the station, so that its farewell does not count as a gap
    with contextlib.suppress(OSError):
        run.samples.append(sample(run.station.pid, run.web, began))


def judge(run: Run, seconds: float) -> list[Bound]:
    """Return what must hold, and whether it does."""
    ended = run.station.poll()
    bounds = [Bound("the station ran to the end", "yes" if ended is None else f"no: {ended}", "yes", ended is None)]
    settled = min(SETTLED, seconds / 2)
    for ear in run.ears:
        heard = ear.hearing
        worst = max(heard.gap, heard.starved)
        bounds.append(Bound(f"worst gap heard, {ear.name}", f"{worst:.2f} s", "0", worst <= 0.0))
        drift = heard.drift(min(60.0, seconds / 4))
        bounds.append(
            Bound(
                f"drift against the clock, {ear.name}",
                f"{drift * 1000:+.1f} ms over the run",
                f"{DRIFT * 1000:.0f} ms",
                abs(drift) <= DRIFT,
            )
        )
        missing = max(seconds - heard.seconds, 0.0)
        bounds.append(
            Bound(
                f"connection kept, {ear.name}", f"{heard.seconds:.0f} s heard", "all", not ear.ended and missing < EVERY
            )
        )
    late = [point for point in run.samples if point.at >= settled]
    lows, highs = (by_window(late, extreme) for extreme in (min, max))
    spreads = [max(sizes) - min(sizes) for sizes in (lows, highs)]
    judged = seconds >= JUDGED
    found = f"lows {min(lows):.1f} to {max(lows):.1f} MB, highs {min(highs):.1f} to {max(highs):.1f} MB"
    bounds.append(
        Bound(
            f"memory of the streaming process after {settled / 60:.0f} min",
            found if judged else f"{found} (too short a run to judge)",
            f"within {FLAT:.0f} MB",
            not judged or max(spreads) <= FLAT,
        )
    )
    unanswered = sum(not point.figures for point in run.samples)
    bounds.append(Bound("looks at `/metrics` without an answer", str(unanswered), "0", not unanswered))
    blank = total(run, "latentfm_blank_seconds_total")
    bounds.append(Bound("blank air, by the station's own meter", f"{blank:.1f} s", "0", blank == 0.0))
    errors = [event["event"] for event in run.events() if event.get("level") == "error"]
    bounds.append(Bound("errors in the log", ", ".join(errors) or "none", "none", not errors))
    made = total(run, 'latentfm_takes_total{result="made"}')
    bounds.append(Bound("takes made", f"{made:.0f}", "at least 1", made >= 1))
    return bounds


def total(run: Run, name: str) -> float:
    """Return the last value of a figure, 0 where it is not known."""
    return next((point.figures[name] for point in reversed(run.samples) if name in point.figures), 0.0)


def report(run: Run, bounds: list[Bound], seconds: float) -> str:
    """Return what was heard and measured, as a page."""
    rows = [
        f"| {bound.what} | {bound.found} | {bound.wanted} | {'yes' if bound.holds else '**no**'} |" for bound in bounds
    ]
    events = run.events()
    counted = Counter((event["event"], event.get("level", "")) for event in events if "library" not in event)
    lines = [f"| `{name}` | {level} | {number} |" for (name, level), number in sorted(counted.items())]
    return f"""# A soak

Written by `make soak HOURS={seconds / 3600:g}`: a station with an empty bank ran in real time, with its own studio and
the programme that ships; ffmpeg listened without a pause: {", ".join(ear.name for ear in run.ears)}.
The machine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}.

| bound | found | wanted | holds |
|---|---|---|---|
{chr(10).join(rows)}

A gap is a silence (below -60 dBFS) of over {ALLOWED} s, which no mood allows, or a time in which a player that holds
{BUFFER:g} s has nothing to play. Drift is the slope of how far the stream is ahead of the machine's clock.
Memory rises and falls by the audio of a take, which is decoded ahead; its least and its most of each ten minutes say
whether it grows.

{chr(10).join(f"- {line}" for line in figures(run, events))}

| event | level | lines |
|---|---|---|
{chr(10).join(lines)}
"""


def by_window(samples: list[Sample], extreme: Callable[[Iterable[float]], float]) -> list[float]:
    """Return the least or the most memory of each whole window, from the first sample on, in MB; of all, if none is."""
    begin = samples[0].at
    windows: dict[int, list[float]] = {}
    for one in samples:
        windows.setdefault(int((one.at - begin) / WINDOW), []).append(one.resident)
    whole = [sizes for number, sizes in windows.items() if (number + 1) * WINDOW <= samples[-1].at - begin + EVERY]
    return [extreme(sizes) for sizes in whole or windows.values()]


def figures(run: Run, events: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what was measured besides the bounds, a sentence each."""
    first, last = run.samples[0], run.samples[-1]
    made, rejected, failed = (
        total(run, f'latentfm_takes_total{{result="{result}"}}') for result in ("made", "rejected", "failed")
    )
    yield f"Takes: {made:.0f} made, {rejected:.0f} rejected by the gate, {failed:.0f} failed otherwise"
    yield f"Children of the studio that broke: {total(run, 'latentfm_studio_restarts_total'):.0f}"
    lasted = [event["seconds"] for event in events if event["event"] == "fallback_left"]
    entered = sum(event["event"] == "fallback_entered" for event in events)
    yield f"Fall backs: {entered}, the first of which is the empty bank's; the longest {max(lasted, default=0.0):.0f} s"
    loud = [value for point in run.samples if (value := point.figures.get("latentfm_output_lufs", SILENT)) > SILENT]
    if loud:
        low, middle, high = min(loud), statistics.median(loud), max(loud)
        yield f"Short-term loudness: median {middle:.1f} LUFS, from {low:.1f} to {high:.1f}"
    yield f"Memory of the studio: up to {max(point.studio for point in run.samples):.0f} MB"
    files = [point.files for point in run.samples]
    yield f"Open files of the streaming process: {min(files)} to {max(files)}"
    share = 100 / (last.at - first.at)
    streaming, studio = (last.cpu - first.cpu) * share, (last.studio_cpu - first.studio_cpu) * share
    yield f"CPU, of one core: streaming {streaming:.1f} %, studio {studio:.1f} %"


def main() -> int:
    """Soak and report; return 1 where a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--report", type=Path, default=Path("docs/soak.md"))
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep the station's log here")
    options = parser.parse_args()
    seconds = options.hours * 3600
    with tempfile.TemporaryDirectory() as name, on_air(Path(name)) as run:
        watch(run, seconds)
        bounds = judge(run, seconds)
        text = report(run, bounds, seconds)
        if options.keep:
            shutil.copy(run.log, options.keep)
    options.report.write_text(text, encoding="utf-8")
    print(text)
    return int(not all(bound.holds for bound in bounds))


if __name__ == "__main__":
    sys.exit(main())
