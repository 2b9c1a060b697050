"""A week in a minute, some seeds of it, and hours with real sound: `make week`. With ``--write``: docs/week.md.

The simulation is the tests' (tests/support/week): the whole station stepped on one clock, through events of a seed,
with a witness at every block. Each seed is a process of its own, one for each core at a time, niced. What a seed finds
wrong is printed with the events before it, and makes this fail.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "week.md"
NICENESS = 10
ORIGINS = ("fresh", "bank", "shipped", "bed")
BLOCK_SECONDS = {"week": 2.0, "week.hour": 0.1}

Result = dict[str, Any]

_INTRODUCTION = """\
# A week in a minute

Written by `make week ARGS=--write`: {seeds} seeds, {played} simulated hours, in {cpu} s of processor time ({times}
times real time), and {examples} schedules that hypothesis drew, of {example_hours} hours each. Nothing was found wrong.

The whole station runs on one clock: every part that decides anything is its own, stepped in turn instead of in threads,
at a sampling rate of 20 Hz, with a level for each take in place of sound. The studio's child, disks and cards are the
simulation's; `tests/support/week/stand_ins.py` lists all that is not the station's. Every third seed has no takes that
ship, so that the tone bed stands in.

## What was checked

- At every block: never blank for longer than 0.75 s; no step larger than the shortest crossfade makes it, but within a
  minute of a card that stalls; silence only where it was asked for; the runway between 1.5 s and 2 s and a block.
- Heard while open and not paused, at the gain of the quiet hours, and not heard while closed.
- Half an hour after the last trouble, whatever it was, fresh takes are on air again; while nothing is fresh the station
  says that it falls back, and with a fresh take on air it does not.
- A quarter of an hour after the last trouble the mood is that of the programme to within 100 s.
- No take is removed while it is on air or committed. After housekeeping the bank is within its quota, damaged takes
  included, and the state folder within its bounds. Each order goes on from the take made last.
- At each end of a run the history's airings and cues are strictly in order, and overlap in crossfades only.
- No part of the station logs a fault of its own.

`python -m week --sabotage` builds faults into the station, and fails where one is not found by these.

## What happened
"""
_SOUND = """\
## With real sound

The same simulation at 48 kHz, with the takes that ship as fresh, bank and shipped ones, with crossfades, limiter and
fader as they are, unpaced. Checked: no silence over 0.5 s, no NaN, true peak at most -0.9 dBTP, loudness over three
minutes within 4 LU of -16 LUFS, no crossfade that changes the loudness by more than 8 LU, and no cut but within a
minute of a card that stalls.
"""


def play(module: str, *options: object) -> list[Result]:
    """Run a module of the week and return what it printed.

    Raises:
        RuntimeError: something was wrong; the message has what went before.
    """
    paths = (ROOT / "daemon", ROOT / "tests" / "support")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    environ["WEEK_SOUND"] = "1" if module == "week.hour" else ""
    command = [sys.executable, "-m", module, *map(str, options)]
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, check=False, preexec_fn=lambda: os.nice(NICENESS)
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[2:])}\n{done.stderr[-8000:]}")
    results = [json.loads(line) for line in done.stdout.splitlines()]
    for result in results:
        print({key: result[key] for key in ("seed", "cpu_seconds", "events") if key in result}, flush=True)
    return results


def row(cells: Iterable[object]) -> str:
    """Return a row of a table."""
    return "| " + " | ".join(map(str, cells)) + " |"


def head(*names: str) -> list[str]:
    """Return the head of a table."""
    return [row(names), row(["---"] * len(names))]


def shares(result: Result, module: str) -> list[str]:
    """Return for how many hours what was heard came from where."""
    return [f"{result['heard'].get(origin, 0) * BLOCK_SECONDS[module] / 3600:.2f}" for origin in ORIGINS]


def document(weeks: Sequence[Result], hours: Sequence[Result], examples: int, example_hours: float) -> str:
    """Return the report."""
    played, cpu = (sum(week[name] for week in weeks) for name in ("hours", "cpu_seconds"))
    happened: Counter[str] = Counter()
    for week in weeks:
        happened.update(week["events"])
    intro = _INTRODUCTION.format(
        seeds=len(weeks),
        played=f"{played:.0f}",
        cpu=f"{cpu:.0f}",
        times=f"{played * 3600 / cpu:.0f}",
        examples=examples,
        example_hours=f"{example_hours:g}",
    )
    sources = [f"{name}, h" for name in ORIGINS]
    lines = [intro, *head("seed", "hours", "events", "takes made", *sources, "falls back", "CPU s")]
    for week in weeks:
        falls, events = week["logged"].get("fallback_entered", 0), sum(week["events"].values())
        cells = (week["seed"], f"{week['hours']:.0f}", events, week["takes"], *shares(week, "week"), falls)
        lines.append(row((*cells, week["cpu_seconds"])))
    told = ", ".join(f"{name} {count}" for name, count in sorted(happened.items()))
    lines += ["", f"Events, of all seeds: {told}.", "", _SOUND]
    lines += head("seed", "minutes", "events", *sources, "LUFS", "dBTP", "change, LU", "silence, s", "cuts", "CPU s")
    for hour in hours:
        cells = (hour["seed"], hour["minutes"], sum(hour["events"].values()), *shares(hour, "week.hour"))
        measured = (
            hour["lufs"],
            hour["true_peak"],
            hour["largest_change_lu"],
            hour["longest_silence"],
            hour["cuts"],
            hour["cpu_seconds"],
        )
        lines.append(row((*cells, *measured)))
    return "\n".join(lines) + "\n"


def main() -> int:
    """Play what is asked for; return 0, or 1 where something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3, 4], help="weeks to be played")
    parser.add_argument("--hours", type=float, default=168.0, help="of each seed")
    parser.add_argument("--every", type=float, default=60.0, help="minutes between two events, on average")
    parser.add_argument("--examples", type=int, default=200, help="schedules that hypothesis draws")
    parser.add_argument("--sound", type=int, nargs="*", default=[1, 2], help="seeds of hours with real sound")
    parser.add_argument("--write", action="store_true", help="write docs/week.md")
    options = parser.parse_args()
    example_hours = 6.0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        sounding = [pool.submit(play, "week.hour", "--seeds", seed) for seed in options.sound]
        spans = ("--hours", options.hours, "--every", options.every)
        playing = [pool.submit(play, "week", "--seeds", seed, *spans) for seed in options.seeds]
        drawn = ("--examples", options.examples, "--example-hours", example_hours)
        drawing = [pool.submit(play, "week", *drawn)] if options.examples else []
        try:
            hours, weeks, _ = (
                [result for one in jobs for result in one.result()] for jobs in (sounding, playing, drawing)
            )
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 1
    if options.write:
        DOCUMENT.write_text(document(weeks, hours, options.examples, example_hours), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
