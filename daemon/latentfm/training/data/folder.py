"""Folders that are made whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from latentfm.errors import TrainingError
from latentfm.training.checkpoints.files import write_whole


@contextmanager
def replaced(target: Path, mark: str) -> Iterator[Path]:
    """Hand out a new folder that takes the place of ``target`` when all went well; till then ``target`` stays.

    Args:
        target: the folder; one that is there must be empty or hold the file ``mark``, or it is left alone.
        mark: name of a file that every folder of this kind has.

    Raises:
        TrainingError: what is there is something else, or the folder can't be written.
    """
    if target.exists() and not (target.is_dir() and ((target / mark).is_file() or not any(target.iterdir()))):
        raise TrainingError(f"{target} is there and was not made by this command (it has no {mark}): name another")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as fault:
        raise TrainingError(f"{target.parent} can't be written to: {fault.strerror}") from fault
    try:
        yield new
        new.chmod(0o755)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
            target.rename(old / "old")
            new.rename(target)
            shutil.rmtree(old)
        else:
            new.rename(target)
    except OSError as fault:
        raise TrainingError(f"{target} can't be written: {fault.strerror or fault}; what was there stays") from fault
    finally:
        shutil.rmtree(new, ignore_errors=True)


def read_json(path: Path, what: str) -> dict[str, Any]:
    """Read a JSON that this room wrote.

    Raises:
        TrainingError: it is missing or damaged.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise TrainingError(f"{path.parent} is not {what}: {path.name} can't be read ({fault})") from fault
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON for people and programs, whole or not at all."""
    write_whole(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
