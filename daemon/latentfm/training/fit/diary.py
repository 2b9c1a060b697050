"""The log of a training: ``log.jsonl``, a line for each loss and each evaluation, and what follows from it.

A training that goes on from a checkpoint first drops the lines of steps that it will take again, so the log of one
that was killed is that of one that was not.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

LOG = "log.jsonl"


class Diary:
    """The log in a folder; lines are written at once, whole."""

    def __init__(self, folder: Path, step: int) -> None:
        """Take the log up as it was at a step."""
        self._path = folder / LOG
        folder.mkdir(parents=True, exist_ok=True)
        kept = [line for line in read(folder) if line["step"] <= step]
        self.evaluations = [line for line in kept if "evaluation" in line]
        part = self._path.with_suffix(".part")
        part.write_text("".join(f"{json.dumps(line)}\n" for line in kept), encoding="utf-8")
        part.replace(self._path)

    def losses(self, rows: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Note the scalars of steps; a step is counted as the number done when it was."""
        self._write([{"step": step, **scalars} for step, scalars in rows])

    def evaluation(self, step: int, figures: Mapping[str, float]) -> bool:
        """Note an evaluation; return whether it is the best so far, by its loss."""
        loss = _or_infinite(figures["loss"])
        best = loss < min((_or_infinite(line["evaluation"]["loss"]) for line in self.evaluations), default=math.inf)
        line = {"step": step, "evaluation": dict(figures)}
        self.evaluations.append(line)
        self._write([line])
        return best

    def since_best(self) -> int:
        """Return how many evaluations in a row were no better than the best."""
        if not self.evaluations:
            return 0
        losses = [_or_infinite(line["evaluation"]["loss"]) for line in self.evaluations]
        return len(losses) - 1 - losses.index(min(losses))

    def _write(self, lines: list[dict[str, Any]]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write("".join(f"{json.dumps(line)}\n" for line in lines))


def read(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a training's log; one that was cut short by a kill is left out."""
    path = folder / LOG
    lines: list[dict[str, Any]] = []
    if not path.exists():
        return lines
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and isinstance(line.get("step"), int):
            lines.append(line)
    return lines


def _or_infinite(loss: float) -> float:
    return loss if math.isfinite(loss) else math.inf
