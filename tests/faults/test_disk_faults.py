"""Disks that are full, read-only, emptied or out of descriptors: the music goes on, and all is well once they are."""

from __future__ import annotations

import contextlib
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ONE_AHEAD = "studio.first_take_seconds = 240\nstudio.takes_ahead = 1\n"
MEGABYTES = 60


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 60 MB; only root can make one."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", place], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no disk can be made here: {made.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)  # the station may still be on it


def on(disk: Path) -> dict[str, str]:
    """Return the environment of a station whose state lies on a disk."""
    return {"LATENTFM_STATION__STATE_DIR": str(disk / "state")}


def fill(path: Path) -> None:
    """Write a file until its disk is full."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(65_536)):
            pass


@pytest.mark.parametrize("sound", ["music", "chords"])
def test_a_bank_that_is_deleted_is_begun_anew(on_air: Any, sound: str) -> None:
    """Somebody removes the folder of the takes, with the one on air in it."""
    with on_air(sound, config=ONE_AHEAD) as station:
        shutil.rmtree(station.state / "bank")
        station.wait_for_fresh(2, seconds=100)


@pytest.mark.parametrize("sound", [pytest.param("music", marks=pytest.mark.full), "chords"])
def test_a_full_disk_is_played_through(on_air: Any, small_disk: Path, sound: str) -> None:
    """No take can be written: what is there plays again, and fresh ones come when there is room."""
    with on_air(sound, config=ONE_AHEAD, environment=on(small_disk)) as station:
        big = small_disk / "big"
        fill(big)
        failed = station.wait_for("brief_failed", seconds=100)
        assert "disk" in failed["reason"] or "space" in failed["reason"], failed
        station.wait_for("on_air", 2, seconds=100)
        big.unlink()
        station.wait_for_fresh(2, seconds=100)


def test_a_state_folder_that_turns_read_only_is_played_through(on_air: Any) -> None:
    """Nothing can be written any more, as on cards at the end of their life; what can't be is named once each."""
    with on_air("chords", config=ONE_AHEAD, as_anybody=True) as station:
        folders = [station.state, *(path for path in station.state.rglob("*") if path.is_dir())]
        for folder in folders:
            folder.chmod(0o555)
        try:
            station.wait_for("brief_failed", seconds=100)
            station.wait_for("on_air", 3, seconds=100)
        finally:
            for folder in folders:
                folder.chmod(0o755)
        station.wait_for_fresh(2, seconds=100)
        events = [event["event"] for event in station.events() if event["level"] in ("warning", "error")]
        assert len(events) < 40, events


@pytest.mark.parametrize("sound", [pytest.param("music", marks=pytest.mark.full), "chords"])
def test_descriptors_that_are_used_up_are_survived(on_air: Any, sound: str) -> None:
    """The station may open no file more: what is open and in memory plays, and when it may, all is as before."""
    with on_air(sound, config=ONE_AHEAD) as station:
        before = resource.prlimit(station.pid, resource.RLIMIT_NOFILE)
        used = len(list(Path(f"/proc/{station.pid}/fd").iterdir()))
        resource.prlimit(station.pid, resource.RLIMIT_NOFILE, (used - 2, before[1]))
        time.sleep(8)
        resource.prlimit(station.pid, resource.RLIMIT_NOFILE, before)
        station.wait_for_fresh(2, seconds=100)
