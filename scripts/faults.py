"""Make every fault on purpose, in its long form, and write down how the station took it: ``make faults``.

    python scripts/faults.py [--write] [WORDS OF PYTEST...]

Without ``--write`` the report is printed; with it, it goes to docs/faults.md.
"""

from __future__ import annotations

import argparse
import ast
import os
import platform
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FAULTS = ROOT / "tests" / "faults"
HEAD = """# Faults made on purpose

`make faults` made this page: each line is a test in `tests/faults` on a whole station, in a process of its own, in its
long form (`make test` has shorter ones). Most stations live two or four times as fast as the clock. A real ffmpeg
recorded their stream from before the fault until the station was well again by itself, and such a test fails if

- the stream broke off, or was silent for more than 0.5 s (`music`: the takes that ship; `real`: the studio's own);
- the level stepped by more than 6 dB between two tenths of a second (steady chords);
- at the end the station was not ready, or an output not connected, or no fresh take had come on air again.

"""


@dataclass(frozen=True)
class Outcome:
    """How one test went."""

    test: str
    case: str
    result: str
    seconds: float


def main() -> int:
    """Run the suite and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/faults.md")
    options, words = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={report}", *(words or [str(FAULTS)])]
        status = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "LATENTFM_TEST_FULL": "1"}, check=False
        ).returncode
        outcomes = list(read(report))
    page = HEAD + table(outcomes)
    if options.write:
        (ROOT / "docs" / "faults.md").write_text(page, encoding="utf-8")
    else:
        print(page)
    return status


def read(report: Path) -> list[Outcome]:
    """Return the outcomes in a report of pytest's."""
    found = []
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - our own
        name, _, rest = str(case.get("name")).partition("[")
        result = next((tag for tag in ("failure", "error", "skipped") if case.find(tag) is not None), "held")
        found.append(Outcome(name, rest.rstrip("]"), result, float(case.get("time") or 0.0)))
    return found


def table(outcomes: list[Outcome]) -> str:
    """Return a table of what was done and how it went."""
    meanings = dict(docstrings())
    rows: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        rows[outcome.test].append(outcome)
    lines = ["| fault | what must hold | cases | seconds |", "|---|---|---|---|"]
    for test, cases in rows.items():
        fault = test.removeprefix("test_").replace("_", " ")
        each = ", ".join(
            f"{case.case or 'one'}{'' if case.result == 'held' else f': **{case.result}**'}" for case in cases
        )
        lines.append(f"| {fault} | {meanings.get(test, '')} | {each} | {sum(case.seconds for case in cases):.0f} |")
    held = sum(outcome.result == "held" for outcome in outcomes)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    return "\n".join([*lines, "", f"{held} of {len(outcomes)} held, on {machine}.", ""])


def docstrings() -> list[tuple[str, str]]:
    """Return the first line of each test's docstring."""
    nodes = [node for path in FAULTS.glob("test_*.py") for node in ast.parse(path.read_text(encoding="utf-8")).body]
    tests = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return [(test.name, (ast.get_docstring(test) or "").partition("\n")[0]) for test in tests]


if __name__ == "__main__":
    sys.exit(main())
