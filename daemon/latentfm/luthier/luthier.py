"""What to make next, and whether there is time and room for it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import structlog

from latentfm.ops.clock import Clock
from latentfm.ops.process import child_environment
from latentfm.timbre.recipe import Recipe

_log = structlog.get_logger()

_LONGEST: Final = 3_600.0  # seconds that one instrument may take
_AGAIN: Final = 3_600.0  # seconds until what failed is tried once more
_SUFFIX: Final = ".sf2"
_SAID = 500  # characters of what a process said last

Order = Callable[[Recipe, Path, int, int], list[str]]


@dataclass(frozen=True)
class Budget:
    """What instruments may cost.

    Attributes:
        cpu_share: of one core, on the average: after each instrument it pauses so long; 0 makes none.
        max_mb: 10^6 bytes of all that are kept.
        size: bytes of each.
    """

    cpu_share: float = 0.1
    max_mb: float = 200.0
    size: int = 1_200_000


def order(recipe: Recipe, out: Path, size: int, parent: int) -> list[str]:
    """Return the command that makes an instrument of a recipe as the file ``out``, and ends with its parent."""
    text = json.dumps({"parts": recipe.parts, "engine": recipe.engine})
    return [
        *(sys.executable, "-m", "latentfm.luthier.child"),
        *(f"--parent={parent}", f"--recipe={text}", f"--out={out}", f"--size={size}"),
    ]


@dataclass
class _Work:
    """An instrument in the making."""

    recipe: Recipe
    process: subprocess.Popen[bytes]
    said: IO[bytes]
    began: float
    cpu_before: float


class Luthier:
    """Tends a library of instruments. Belongs to one thread, whose end ends what it was making."""

    def __init__(
        self,
        folder: Path,
        wanted: Callable[[], Sequence[Recipe]],
        kept: Callable[[], Sequence[Recipe]],
        budget: Callable[[], Budget],
        clock: Clock,
        order: Order = order,
    ) -> None:
        """Look after ``folder``; nothing is made before `tend`.

        Args:
            folder: where the instruments go.
            wanted: what is to be made, the most urgent first.
            kept: what must not be removed for want of room.
            budget: as it is now.
            clock: monotonic.
            order: the command of the process that makes one.
        """
        self.folder = folder
        self._wanted, self._kept, self._budget, self._clock, self._order = wanted, kept, budget, clock, order
        self._work: _Work | None = None
        self._free_at = clock.monotonic()
        self._failed: dict[str, float] = {}  # when what failed may be tried again, by name

    @property
    def pid(self) -> int | None:
        """Return the process that makes an instrument now, None if none does."""
        return self._work.process.pid if self._work else None

    def tend(self) -> None:
        """See to what is being made, remove what there is no room for, begin the next one. Returns at once."""
        now = self._clock.monotonic()
        if self._work is not None:
            self._look(self._work, now)
        budget = self._budget()
        if self._work is not None or now < self._free_at or budget.cpu_share <= 0:
            return
        recipe = next((one for one in self._wanted() if self._failed.get(one.name, now) <= now), None)
        if recipe is None:
            return
        if not self._room(budget):
            self._free_at = now + _AGAIN
            return
        self._begin(recipe, budget, now)

    def stop(self) -> None:
        """End what is being made; what is half made leaves nothing behind."""
        if self._work is not None:
            self._work.process.kill()
            self._work.process.wait()
            self._work.said.close()
            self._work = None
            self._sweep()

    def _begin(self, recipe: Recipe, budget: Budget, now: float) -> None:
        self._sweep()
        said = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the work; a pipe that nobody empties would fill
        command = self._order(recipe, self.folder / f"{recipe.name}{_SUFFIX}", budget.size, os.getpid())
        try:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter, or what a test names
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=child_environment()
            )
        except OSError as error:
            said.close()
            self._give_up(recipe, error.strerror or str(error), now)
            return
        self._work = _Work(recipe, process, said, now, _cpu_of_children())
        _log.info("instrument_begun", name=recipe.name, recipe=str(recipe))

    def _look(self, work: _Work, now: float) -> None:
        status = work.process.poll()
        if status is None and now - work.began < _LONGEST:
            return
        if status is None:
            work.process.kill()
            work.process.wait()
        self._work = None
        seconds = now - work.began
        # Other children may have ended meanwhile: what they took counts too, which errs on the quiet side.
        spent = min(_cpu_of_children() - work.cpu_before, seconds)
        share = self._budget().cpu_share
        self._free_at = now + (max(0.0, spent / share - seconds) if share > 0 else 0.0)
        if status == 0:
            _log.info("instrument_made", name=work.recipe.name, recipe=str(work.recipe), seconds=round(seconds))
        else:
            self._give_up(work.recipe, _ending(work, status), now)
            self._sweep()
        work.said.close()

    def _give_up(self, recipe: Recipe, reason: str, now: float) -> None:
        self._failed[recipe.name] = now + _AGAIN
        _log.warning("instrument_failed", name=recipe.name, recipe=str(recipe), reason=reason)

    def _room(self, budget: Budget) -> bool:
        """Make room for one more; return whether there is."""
        most, kept = round(budget.max_mb * 1e6) - budget.size, {recipe.name for recipe in self._kept()}
        with contextlib.suppress(FileNotFoundError):
            files = sorted(self.folder.glob(f"*{_SUFFIX}"), key=lambda file: file.stat().st_mtime)
            held = sum(file.stat().st_size for file in files)
            for file in files:
                if held <= most:
                    break
                if file.stem not in kept:
                    held -= file.stat().st_size
                    file.unlink()
                    _log.info("instrument_removed", name=file.stem)
            if held > most:
                _log.warning("instruments_full", held_mb=round(held / 1e6), max_mb=budget.max_mb)
            return held <= most
        return True

    def _sweep(self) -> None:
        """Remove what a process that was killed left half written."""
        for left in self.folder.glob(f".*{_SUFFIX}*"):
            left.unlink(missing_ok=True)


def _ending(work: _Work, status: int | None) -> str:
    work.said.seek(0)
    words = [line.strip() for line in work.said.read().decode(errors="replace").splitlines() if line.strip()]
    how = "took too long" if status is None else f"signal {-status}" if status < 0 else f"status {status}"
    return f"{how}: {words[-1][:_SAID]}" if words else how


def _cpu_of_children() -> float:
    """Return the seconds of processor time of all children that have ended."""
    times = os.times()
    return times.children_user + times.children_system
