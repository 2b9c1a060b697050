"""Folders for the moment, in which checkpoints are unpacked: what fails there is no fault of theirs."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from latentfm.errors import UnwrittenModelError, reason

IMPORTING = ".importing-"
_PREFIX = ".unpacking-"
_LEFT_BEHIND = 24 * 3600  # seconds, after which nobody works in such a folder any more


def sweep(room: Path) -> None:
    """Remove the folders of imports that were killed, as they are where memory ends; those of today may be in use."""
    for prefix in (IMPORTING, _PREFIX):
        for folder in room.glob(f"{prefix}*"):
            if time.time() - folder.stat().st_mtime > _LEFT_BEHIND:
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def scratch(room: Path | None = None) -> Iterator[Path]:
    """Make a folder for the moment.

    Args:
        room: the folder that it is made in, which is made if need be; without it, the system's, which may be in memory.

    Raises:
        UnwrittenModelError: it can't be made.
    """
    place = room or Path(tempfile.gettempdir())
    with writing(place / _PREFIX):
        place.mkdir(parents=True, exist_ok=True)
        made = tempfile.TemporaryDirectory(prefix=_PREFIX, dir=place)
    with made as name:
        yield Path(name)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Put into words what the system says against writing into a folder for the moment.

    Raises:
        UnwrittenModelError: instead of an OSError; it names the folder that this one lies in.
    """
    try:
        yield
    except OSError as fault:
        raise UnwrittenModelError(f"nothing can be unpacked in {folder.parent}: {reason(fault)}") from fault
