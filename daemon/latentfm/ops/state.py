"""The state folder: made where it is missing, proved to be writable, and held by one station at a time."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Self

from latentfm.errors import ConfigError, LatentFMError

_BUSY = (errno.EAGAIN, errno.EACCES)


class StateFolder:
    """A locked state folder. The lock goes with the process, however it ends."""

    def __init__(self, path: Path) -> None:
        """Make, try and lock ``path``.

        Raises:
            ConfigError: it can't be made or written to.
            LatentFMError: another station runs on it.
        """
        self.path = path
        self._lock_fd = -1
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock_fd = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            _take(self._lock_fd, path)
            os.ftruncate(self._lock_fd, 0)
            os.write(self._lock_fd, f"{os.getpid()}\n".encode())
            _probe(path)
        except OSError as error:
            self.close()
            reason = error.strerror or error
            raise ConfigError(
                f"the state folder {path} can't be written: {reason}; "
                "name another one in [station] state_dir, or as LATENTFM_STATION__STATE_DIR"
            ) from error
        except LatentFMError:
            self.close()
            raise

    def close(self) -> None:
        """Let the next station have it."""
        if self._lock_fd >= 0:
            os.close(self._lock_fd)
            self._lock_fd = -1

    def __enter__(self) -> Self:
        """Return the folder itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the lock."""
        self.close()


def _take(fd: int, path: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in _BUSY:
            raise
        holder = os.pread(fd, 20, 0).decode(errors="replace").strip() or "unknown"
        raise LatentFMError(f"another station runs on the state folder {path} (process {holder})") from error


def _probe(path: Path) -> None:
    """Write and remove a file: a full disk lets a folder be made and a lock be taken."""
    probe = path / f".probe-{os.getpid()}"
    try:
        probe.write_bytes(b"latentfm\n" * 512)
    finally:
        probe.unlink(missing_ok=True)
