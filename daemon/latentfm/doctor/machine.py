"""The machine: a state folder that can be written, room on its disk, a clock that is right."""

from __future__ import annotations

import ctypes
import getpass
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from latentfm.config import Config
from latentfm.doctor.finding import Finding
from latentfm.errors import reason
from latentfm.stock import quota_of

_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)  # this release is younger
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_NOT_SYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_TIMEX = 512  # bytes: more than struct timex has anywhere
_FULL = 500 * 1024**2  # bytes: some thirty takes
_GB = 1e9


def look_at_state(config: Config) -> Iterator[Finding]:
    """Yield whether the state folder can be written, or made where there is none yet. Nothing stays there."""
    folder = config.station.state_dir
    place = _existing(folder)
    who = _user()
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        remedy = "make it writable for the station's user, or name another one in [station] state_dir"
        if os.geteuid() != 0:
            remedy = f"this was tried as {who}; with a service installed: sudo latentfm doctor. Else {remedy}"
        yield Finding(check="state", state="failed", text=f"{place} can't be written: {reason(error)}", remedy=remedy)
        return
    made = "" if place == folder else f", where {folder} will be made"
    yield Finding(check="state", state="ok", text=f"{place} can be written by {who}{made}")


def look_at_disk(config: Config) -> Iterator[Finding]:
    """Yield how much room there is, beside what the bank and the history may still grow to."""
    folder = config.station.state_dir
    place = _existing(folder)
    try:
        free = shutil.disk_usage(place).free
        used = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) if place == folder else 0
    except OSError as error:
        yield Finding(check="disk", state="failed", text=f"{place} can't be looked at: {reason(error)}")
        return
    growth = max(quota_of(config.bank).max_bytes + config.history.max_mb * 1_000_000 - used, 0)
    text = f"{free / _GB:.1f} GB free at {place}; the station keeps {used / _GB:.1f} GB there"
    if free < _FULL:
        remedy = "make room: without it no take is kept, and the station repeats what it has"
        yield Finding(check="disk", state="failed", text=text, remedy=remedy)
    elif free < growth:
        text += f" and may come to {(used + growth) / _GB:.1f} GB"
        yield Finding(check="disk", state="warning", text=text, remedy="make room, or lower [bank] max_gb")
    else:
        yield Finding(check="disk", state="ok", text=text)


def look_at_clock(config: Config) -> Iterator[Finding]:
    """Yield whether the clock can be right, and whether the kernel knows it to be."""
    now = datetime.now(UTC)
    local = now.astimezone()
    text = f"{local:%Y-%m-%d %H:%M %Z}, programme in {config.programme.timezone or 'the same time zone'}"
    if not _EARLIEST < now < _LATEST:
        remedy = "set it (sudo timedatectl set-time ...) or let it be set: sudo timedatectl set-ntp true"
        yield Finding(check="clock", state="failed", text=f"{text}: that can't be", remedy=remedy)
    elif synchronised() is False:
        remedy = "moods would change at wrong times: sudo timedatectl set-ntp true, and see timedatectl"
        text = f"{text}: the kernel knows of nobody who keeps it right"
        yield Finding(check="clock", state="warning", text=text, remedy=remedy)
    else:
        yield Finding(check="clock", state="ok", text=text)


def synchronised() -> bool | None:
    """Return whether the kernel's clock is kept right by an NTP client, whichever it is; None where it won't say."""
    try:
        answer = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX))  # all zero: only asks
    except (AttributeError, OSError):
        return None
    return None if answer < 0 else bool(answer != _NOT_SYNCHRONISED)


def _existing(path: Path) -> Path:
    """Return the nearest folder on the way to ``path`` that is there."""
    return next(folder for folder in (path, *path.absolute().parents) if folder.is_dir())


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in containers
        return f"user {os.geteuid()}"
