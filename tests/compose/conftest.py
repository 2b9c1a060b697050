"""Playlists of several moods, and how hypothesis runs here."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from latentfm.playlist import Playlist

settings.register_profile("latentfm", deadline=None, derandomize=True)
settings.load_profile("latentfm")


def ensemble(*extra: str, **voices: int) -> list[dict[str, Any]]:
    """Return the voices of a playlist: lead, pad and bass, and others by role."""
    rows: list[dict[str, Any]] = [
        {"role": "lead", "program": 12, "low": "C4", "high": "C6"},
        {"role": "pad", "program": voices.get("pad", 48), "low": "G2", "high": "C5"},
        {"role": "bass", "program": 32, "low": "E1", "high": "G2"},
    ]
    return rows + [{"role": role, "low": "C3", "high": "C6"} for role in extra]


@pytest.fixture(scope="session")
def day() -> Playlist:
    """The playlist of the day as it ships."""
    path = Path(__file__).resolve().parents[2] / "playlists" / "day.toml"
    return Playlist.model_validate({"name": "day", **tomllib.loads(path.read_text())})


def _mood(
    name: str,
    qpm: tuple[float, float],
    modes: list[str],
    stretch: int,
    each: int,
    notes: tuple[float, float],
    voices: list[dict[str, Any]],
) -> Playlist:
    return Playlist.model_validate(
        {
            "name": name,
            "title": name,
            "tempo": {"qpm": qpm},
            "harmony": {"modes": modes, "bars_per_chord": each},
            "form": {"motif_stretch": stretch},
            "melody": {"notes_per_bar": notes, "candidates": 24},
            "voices": voices,
        }
    )


@pytest.fixture(scope="session")
def moods(day: Playlist) -> dict[str, Playlist]:
    """Every mood of the table in music.md, with and without drums, and the smallest playlist."""
    return {
        "day": day,
        "plain": Playlist.model_validate(
            {"name": "plain", "title": "Plain", "voices": [{"role": role} for role in ("lead", "pad", "bass")]}
        ),
        "dawn": _mood("dawn", (56, 66), ["lydian", "major_pentatonic"], 4, 2, (1, 3), ensemble()),
        "dusk": _mood("dusk", (72, 84), ["dorian"], 2, 1, (3, 5), ensemble("counter", "drums", pad=4)),
        "night": _mood("night", (48, 58), ["aeolian", "minor_pentatonic"], 4, 2, (0.5, 2), ensemble("colour")),
    }
