"""Takes that must not air do not; one that breaks while it plays is left by a crossfade."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

ONE_AHEAD = "studio.first_take_seconds = 240\nstudio.takes_ahead = 1"


SPOILT = {
    "silent": "of silence",
    "loud": "true peak",
    "repeat": "a repeat",
    "nan": "NaN",
    "clipped": "clipping",
    "quiet": "LUFS was asked for",
    "short": "were announced",
}


@pytest.mark.timeout(400)
def test_the_gate_keeps_what_was_spoilt_off_the_air(on_air: Any, full: bool) -> None:
    """Takes of the real studio, spoilt after mastering, are rejected with the reason, and none airs."""
    spoilt = list(SPOILT)[: None if full else 3]
    with on_air("real") as station:
        (station.folder / "plan").write_text("\n".join(spoilt))
        station.wait_for("brief_failed", len(spoilt), seconds=300)
        reasons = [event["reason"] for event in station.events("brief_failed")]
        assert all(SPOILT[word] in reason for word, reason in zip(spoilt, reasons, strict=True)), reasons
        station.wait_for_fresh(seconds=200)


@pytest.mark.parametrize("sound", [pytest.param("music", marks=pytest.mark.full), "chords"])
def test_a_take_that_is_cut_off_while_it_plays_is_left_by_a_crossfade(on_air: Any, sound: str) -> None:
    """Every file in the bank loses its second half, also that of the take on air."""
    with on_air(sound, config=ONE_AHEAD) as station:
        bank = station.state / "bank"
        for audio in bank.glob("*/take.flac"):
            os.truncate(audio, audio.stat().st_size // 2)
        station.wait_for_fresh(2, seconds=100)


@pytest.mark.parametrize("sound", [pytest.param("music", marks=pytest.mark.full), "chords"])
def test_a_bank_full_of_rubbish_is_as_good_as_an_empty_one(on_air: Any, sound: str) -> None:
    """Takes of the wrong rate, silent, roaring, without audio, with nonsense as a description, and strange files."""
    with on_air(sound, config=ONE_AHEAD) as station:
        bank = station.state / "bank"
        good = next(path for path in bank.iterdir() if (path / "take.json").is_file())
        for kind in ("rate", "silent", "roar", "empty", "nonsense", "binary"):
            _plant(good, bank / f"day-000900-{kind}", kind)
        (bank / "a file").write_text("in the way")
        (bank / "loop").symlink_to(bank)
        station.wait_for_fresh(2, seconds=100)


def _plant(good: Path, folder: Path, kind: str) -> None:
    """Make a folder that looks like a take."""
    making = folder.with_name(f".making-{folder.name}")
    shutil.copytree(good, making)
    described = json.loads((making / "take.json").read_bytes())
    described["id"] = folder.name
    (making / "take.json").write_text(json.dumps(described))
    frames = described["frames"]
    if kind == "rate":
        sf.write(making / "take.flac", np.zeros((frames, 2)), 44_100, subtype="PCM_24")
    elif kind == "silent":
        sf.write(making / "take.flac", np.zeros((frames, 2)), 48_000, subtype="PCM_24")
    elif kind == "roar":
        noise = np.random.default_rng(1).uniform(-1, 1, (frames, 2))
        sf.write(making / "take.flac", noise, 48_000, subtype="PCM_24")
    elif kind == "empty":
        (making / "take.flac").write_bytes(b"")
    elif kind == "nonsense":
        (making / "take.json").write_text('{"id": 3}')
    elif kind == "binary":
        (making / "take.json").write_bytes(os.urandom(5000))
    making.rename(folder)
