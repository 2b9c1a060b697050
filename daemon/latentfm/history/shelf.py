"""Where takes lie, and how what is read there is known to be what aired."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from latentfm import bank
from latentfm.broadcast.library import SHIPPED_AUDIO

_MD5_AT = slice(26, 42)  # in a FLAC file: of all its decoded samples, in the first block of metadata


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folders of the bank and of the takes that ship."""

    bank: Path
    shipped: Path

    def audio(self, take: str, origin: str) -> Path | None:
        """Return the file of a take's audio, or None if it is not there."""
        if origin == "shipped":
            found = (self.shipped / take / name for name in SHIPPED_AUDIO)
            return next((path for path in found if path.is_file()), None)
        path = self.bank / take / bank.AUDIO
        return path if path.is_file() else None


def audio_checksum(path: Path) -> str | None:
    """Return a name for the samples in a file, or None if it can't be read.

    FLAC has one of its own, the MD5 of the samples, whoever encoded them; it stands at the beginning, so no card reads
    a whole take for it. For any other file it is the SHA-256 of its bytes.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_MD5_AT.stop)
            if head.startswith(b"fLaC") and any(head[_MD5_AT]):
                return f"flac-md5:{head[_MD5_AT].hex()}"
            file.seek(0)
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError:
        return None


def file_checksum(path: Path) -> str | None:
    """Return the SHA-256 of a file, or None if it can't be read."""
    try:
        return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    except OSError:
        return None
