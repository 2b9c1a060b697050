"""A measurement in parts: each in a process of its own, so that none shares its memory or caches with another."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


def in_parts(
    script: str, name: str, folder: Path, precisions: Iterable[str], measured: Sequence[Sequence[str]] = ((),)
) -> list[dict[str, Any]]:
    """Measure one configuration in each precision, with one thread and with two, and what the precisions change.

    Each is measured once for each of `measured`: what the script is told besides.
    """
    command = [sys.executable, script, str(folder), "--only", name, "--part"]
    figures = []
    for precision in precisions:
        subprocess.run([*command, "convert", "--precision", precision], check=True, stdout=subprocess.DEVNULL)
        part = [*command, "measure", "--precision", precision]
        figures += [
            _last_line([*part, "--threads", threads, *besides]) for besides in measured for threads in ("1", "2")
        ]
    return [*figures, _last_line([*command, "changed"])]


def _last_line(command: list[str]) -> dict[str, Any]:
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
