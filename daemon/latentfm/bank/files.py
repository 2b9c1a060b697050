"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it; raise OSError, leaving the old file as it was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    making = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        write_through(making, content)
        making.replace(path)
    finally:
        making.unlink(missing_ok=True)


def write_through(path: Path, content: bytes | memoryview) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(path: Path) -> None:
    """Wait until the disk has the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
