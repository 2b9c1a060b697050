"""``python -m week``: weeks of seeds, or schedules drawn and shrunk by hypothesis; prints JSON, a line a week."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings

from week.events import DAY, HOUR, Chance, Later
from week.sabotage import SABOTAGES
from week.simulation import Simulation
from week.town import HOURS, MOODS, PROGRAMMES, change_of_clocks

CHANCE = Chance(len(PROGRAMMES), len(HOURS), MOODS)
_MEMORY = Path("/dev/shm")  # noqa: S108 - no name is guessed in it
_YEAR = 1_767_225_600.0  # 2026 begins


def begin_of(seed: int) -> float:
    """Return when the week of a seed begins: three days before clocks are changed, in spring or autumn."""
    return change_of_clocks(_YEAR, (3, 10)[seed % 2]) - 3 * DAY + seed * 977.0


def play(seed: int, events: list[Later], seconds: float) -> dict[str, Any]:
    """Play some events, and return what the witness saw."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        began = time.process_time()
        simulation = Simulation(Path(folder), events, seed=seed, begin=begin_of(seed))
        simulation.play(seconds)
        simulation.stop(killed=False)
    seen = simulation.witness.seen
    return {
        "seed": seed,
        "hours": seconds / HOUR,
        "cpu_seconds": round(time.process_time() - began, 1),
        "events": dict(simulation.happened),
        "blocks": seen.blocks,
        "sound_looks": seen.sound,
        "settled_looks": seen.settled,
        "airings": seen.airings,
        "takes": len(simulation.workshop.made),
        "heard": dict(seen.origins),
        "logged": dict(seen.logged),
    }


def draw(examples: int, seconds: float) -> None:
    """Play schedules that hypothesis draws; one that goes wrong is shrunk and raised."""

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(events=CHANCE.schedules(longest=8))
    def check(events: list[Later]) -> None:
        play(1, events, seconds)

    check()


def find_out() -> None:
    """Build in one fault after the other; raise AssertionError for one that the witness does not find."""
    for words, sabotage in SABOTAGES.items():
        found = ""
        with patch.object(sabotage.owner, sabotage.name, sabotage.value):
            try:
                play(sabotage.seed, list(sabotage.events), 4 * HOUR)
            except AssertionError as error:
                found = str(error)
        assert words in found.partition("\n")[0], f"{words!r} was found as {found[:80]!r}"
        print(json.dumps({"found": found.partition(", at")[0]}), flush=True)  # noqa: T201


def main() -> int:
    """Play what is asked for; return 0, or raise what is wrong."""
    parser = argparse.ArgumentParser(prog="week", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="*", default=[])
    parser.add_argument("--hours", type=float, default=168.0, help="of each seed")
    parser.add_argument("--every", type=float, default=40.0, help="minutes between two events, on average")
    parser.add_argument("--examples", type=int, default=0, help="schedules that hypothesis draws")
    parser.add_argument("--example-hours", type=float, default=3.0, help="that each of them is played for")
    parser.add_argument("--sabotage", action="store_true", help="build in faults, and fail where one is not found out")
    options = parser.parse_args()
    if options.sabotage:
        find_out()
    for seed in options.seeds:
        span = options.hours * HOUR
        print(json.dumps(play(seed, CHANCE.of_seed(seed, span, options.every * 60.0), span)), flush=True)  # noqa: T201
    if options.examples:
        draw(options.examples, options.example_hours * HOUR)
    return 0


if __name__ == "__main__":
    sys.exit(main())
