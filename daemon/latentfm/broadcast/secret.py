"""Secrets: read from a file that nobody else can read, and never printed."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from latentfm.errors import OutputError


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that prints as ``***``; ``reveal`` gives it out."""

    _value: str

    def reveal(self) -> str:
        """Return the value."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__


def read_secret(path: Path) -> Secret:
    """Read a secret's file, without the line's end.

    Raises OutputError if it is missing, empty, or open to others: it must be of mode 0600, or one of systemd's
    credentials, whose folder is closed to others.
    """
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077 and not _is_credential(path):
            raise OutputError(f"{path} is open to others (mode {mode:04o}): chmod 600 {path}")
        value = path.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{path} can't be read: {error}") from error
    if not value:
        raise OutputError(f"{path} is empty; it should hold the password")
    return Secret(value)


def _is_credential(path: Path) -> bool:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return folder is not None and path.resolve().is_relative_to(Path(folder).resolve())
