"""Break what keeps the station on air, on purpose, and see whether a test notices: `make mutations`.

One thing at a time, of those in mutations.toml, is broken in a copy of the code, in a temporary folder; the tests about
it run against that copy, and at least one must fail. With ``--write`` the table goes to docs/mutations.md. The checkout
is never touched.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs" / "mutations.md"
LIST = Path(__file__).with_suffix(".toml")
COPIED = ("daemon", "tests", "playlists", "config.toml", "pyproject.toml")
LIMIT = 300  # seconds after which tests count as hanging; each alone has a minute


class Mutation(NamedTuple):
    """One thing broken: where, what stands there and what instead, and the tests that should notice."""

    part: str
    fault: str
    file: str
    old: str
    new: str
    tests: list[str]


@dataclass
class Outcome:
    """What came of a mutation."""

    mutation: Mutation
    failed: list[str]
    passed: int
    seconds: float


def copy_to(folder: Path) -> None:
    """Copy what the tests need."""
    ignored = shutil.ignore_patterns("__pycache__", ".*_cache")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignored)
        else:
            shutil.copy(source, folder / name)


def run_tests(folder: Path, tests: Iterable[str]) -> tuple[list[str], int, float]:
    """Return the names of the tests that failed, how many passed, and the seconds; one that hangs has failed."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--timeout=60", *tests]
    environ = os.environ | {"PYTHONPATH": str(folder / "daemon"), "PYTHONDONTWRITEBYTECODE": "1"}
    began = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=LIMIT
        )
    except subprocess.TimeoutExpired:
        return ["(the tests hung)"], 0, time.monotonic() - began
    failed = re.findall(r"^(?:FAILED|ERROR) \S+::(\w+)", done.stdout, re.MULTILINE)
    if done.returncode not in (0, 1):
        failed = failed or re.findall(r"test_\w+", done.stdout + done.stderr)[:1]  # pytest-timeout ends the process
    passed = re.search(r"(\d+) passed", done.stdout)
    return failed, int(passed[1]) if passed else 0, time.monotonic() - began


def run(folder: Path, mutation: Mutation) -> Outcome:
    """Break one thing in the copy, run its tests, and mend it again.

    Raises:
        SystemExit: the code that was to be broken is not there any more, so the mutation has to be written anew.
    """
    path = folder / "daemon" / "latentfm" / mutation.file
    whole = path.read_text("utf-8")
    if whole.count(mutation.old) != 1:
        raise SystemExit(
            f"{LIST.name}: '{mutation.fault}': {mutation.file} has the code that stands under `old` "
            f"{whole.count(mutation.old)} times, expected once; write the mutation anew"
        )
    path.write_text(whole.replace(mutation.old, mutation.new), "utf-8")
    try:
        failed, passed, seconds = run_tests(folder, mutation.tests)
    finally:
        path.write_text(whole, "utf-8")
    return Outcome(mutation, failed, passed, seconds)


def report(outcomes: list[Outcome]) -> str:
    """Return the table."""
    rows = [
        f"| {one.mutation.part} | {one.mutation.fault} | `{one.mutation.file}` | "
        f"{'`' + one.failed[0] + '`' if one.failed else '**nobody**'} | {one.seconds:.0f} s |"
        for one in outcomes
    ]
    caught = sum(bool(one.failed) for one in outcomes)
    return f"""# What the tests notice

Written by `make mutations`: one thing at a time was broken on purpose in a copy of the code, and the tests about it
were run until the first failed. Of {len(outcomes)} faults {caught} were noticed.

| part | broken | in | noticed by | after |
|---|---|---|---|---|
{chr(10).join(rows)}
"""


def main() -> int:
    """Break everything, one after the other; return 1 where a fault went unnoticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help="only these parts, such as gate; all unless named")
    parser.add_argument("--write", action="store_true", help="write the table to docs/mutations.md")
    options = parser.parse_args()
    mutations = [Mutation(**table) for table in tomllib.loads(LIST.read_text("utf-8"))["mutation"]]
    chosen = [one for one in mutations if not options.parts or one.part in options.parts]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_to(folder)
        failed, passed, seconds = run_tests(folder, dict.fromkeys(test for one in chosen for test in one.tests))
        if failed or not passed:
            print(f"without any fault fails: {', '.join(failed) or 'no test ran'}", file=sys.stderr)
            return 2
        print(f"sound: {passed} tests in {seconds:.0f} s", flush=True)
        outcomes = []
        for mutation in chosen:
            outcomes.append(run(folder, mutation))
            by = outcomes[-1].failed[0] if outcomes[-1].failed else "NOBODY"
            print(f"{mutation.part}: {mutation.fault}: noticed by {by} in {outcomes[-1].seconds:.0f} s", flush=True)
    if options.write:
        REPORT.write_text(report(outcomes), encoding="utf-8")
    return int(not all(one.failed for one in outcomes))


if __name__ == "__main__":
    sys.exit(main())
