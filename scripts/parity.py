"""Compare our engine with Magenta 2.1.4, configuration by configuration, at full size: `make parity ORACLE=DIR`.

``DIR`` is an environment with the original Magenta 2.1.4 (Python 3.8, TensorFlow 2.9.1). For each family its script
in tests/parity/oracle runs there, writes checkpoints with random variables and what Magenta computes with them; then
tests/parity/compare loads the same files with our importer and yields one row a figure.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PARITY = ROOT / "tests" / "parity"
REPORT = ROOT / "docs" / "parity.md"


def families() -> list[str]:
    """Return the families that have both sides."""
    both = (path for path in (PARITY / "oracle").glob("*.py") if (PARITY / "compare" / path.name).is_file())
    return sorted(path.stem for path in both if not path.stem.startswith("bench_"))


def compare(family: str) -> Any:
    """Return a family's module: its ``rows`` compare, its ``prepare``, if any, writes what the oracle is to read."""
    sys.path.insert(0, str(PARITY / "compare"))
    spec = importlib.util.spec_from_file_location(f"compare_{family}", PARITY / "compare" / f"{family}.py")
    if spec is None or spec.loader is None:
        raise SystemExit(f"tests/parity/compare/{family}.py can't be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def rows_of(family: str, oracle: Path, folder: Path) -> Iterator[Any]:
    """Run the oracle's side, then ours."""
    ours = compare(family)
    if hasattr(ours, "prepare"):
        ours.prepare(folder, full=True)
    print(f"{family}: Magenta writes and computes ...", file=sys.stderr, flush=True)
    script = [str(oracle / "bin" / "python"), "-W", "ignore", str(PARITY / "oracle" / f"{family}.py")]
    subprocess.run([*script, str(folder), "--full"], check=True)
    print(f"{family}: our side reads ...", file=sys.stderr, flush=True)
    yield from ours.rows(folder)


def table(rows: list[Any]) -> str:
    """Write rows as a Markdown table."""
    lines = ["| configuration | figure | value | bound | |", "|---|---|---|---|---|"]
    for row in rows:
        verdict = "holds" if row.holds else "**does not hold**"
        lines.append(f"| {row.configuration} | {row.figure} | {row.value:.3g} | {row.bound:.3g} | {verdict} |")
    return "\n".join(lines)


def main() -> int:
    """Run every family, print the table; return 1 where a row does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", help=f"{', '.join(families())}; all without any")
    parser.add_argument("--oracle", type=Path, required=True, help="environment with the original Magenta")
    parser.add_argument("--write", action="store_true", help="write docs/parity.md")
    options = parser.parse_args()
    if not (options.oracle / "bin" / "python").exists():
        parser.error(f"{options.oracle} is no environment: build one with the original Magenta 2.1.4 first")
    began, found = time.monotonic(), []
    for family in options.families or families():
        with tempfile.TemporaryDirectory(prefix="latentfm-parity-") as folder:
            for row in rows_of(family, options.oracle, Path(folder)):
                found.append(row)
                print(f"{row.configuration}: {row.figure} {row.value:.3g} (bound {row.bound:.3g})", flush=True)
    missed = [row for row in found if not row.holds]
    summary = f"{len(found)} figures, {len(missed)} do not hold; {(time.monotonic() - began) / 60:.0f} minutes."
    print(summary)
    if options.write:
        title = "# The same numbers as Magenta 2.1.4\n\n`make parity ORACLE=DIR ARGS=--write` made this page."
        REPORT.write_text(f"{title} {summary}\n{_NOTES}\n{table(found)}\n", encoding="utf-8")
    return 1 if missed else 0


_NOTES = """
Each configuration, as published in size, was built by Magenta 2.1.4 itself with every variable (biases too) drawn at
the scale of a trained one and written in Magenta's format. Our importer read it, and both computed the same inputs.
Logits, mu, sigma and codes are the largest absolute differences; events, samples and tensors are counts of those that
differ. Drawn events and samples come from the same uniform numbers by inverse CDF. GANSynth's spectrograms are powers
in nepers and half turns a frame; of its sounds, and of what our transform makes of Magenta's spectrograms, the
difference is in dB of the sound.
"""


if __name__ == "__main__":
    sys.exit(main())
