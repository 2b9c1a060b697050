"""Models and SoundFonts that go or break while the station runs: it plays on, says which, and composes again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from latentfm.models.folders import SHIPPED
from latentfm.render import soundfonts

OWN = "studio.first_take_seconds = 400\nstudio.takes_ahead = 1\nstudio.takes_per_child = 1\n"  # each loads all anew


@pytest.fixture
def own(tmp_path: Path, repository: Path) -> dict[str, Path]:
    """Put a model and a SoundFont of the artist's own in place, and a mood that plays with both."""
    models, fonts, moods = tmp_path / "models", tmp_path / "fonts", tmp_path / "station" / "playlists"
    for folder in (models, fonts, moods):
        folder.mkdir(parents=True)
    shutil.copy(SHIPPED / "melody_2bar.tflite", models / "mine.tflite")
    card = json.loads((SHIPPED / "melody_2bar.json").read_bytes())
    (models / "mine.json").write_text(json.dumps({**card, "name": "mine"}))
    (fonts / "mine.sf2").symlink_to(soundfonts.find("default"))
    day = (repository / "playlists" / "day.toml").read_text()
    day = day.replace('melody_vae = "melody_2bar"', 'melody_vae = "mine"')
    day = day.replace("seconds = [75, 130]", "seconds = [40, 50]")
    (moods / "day.toml").write_text(day.replace('role = "pad"\n', 'role = "pad"\nsoundfont = "mine"\n'))
    return {"model": models / "mine.tflite", "font": fonts / "mine.sf2"}


@pytest.mark.parametrize(
    ("which", "harm"),
    [
        ("model", "gone"),
        pytest.param("model", "rubbish", marks=pytest.mark.full),
        pytest.param("font", "gone", marks=pytest.mark.full),
        pytest.param("font", "rubbish", marks=pytest.mark.full),
    ],
)
def test_what_it_composes_with_may_go_for_a_while(on_air: Any, own: dict[str, Path], which: str, harm: str) -> None:
    """Without its model, or its SoundFont, what is there plays again; with it, fresh takes come by themselves."""
    folders = {"LATENTFM_MODELS": str(own["model"].parent), "LATENTFM_SOUNDFONTS": str(own["font"].parent)}
    programme = '[programme]\nplaylist = "day"\nentries = []\n'
    with on_air("real", config=OWN + programme, environment=folders) as station:
        path, kept = own[which], own[which].with_suffix(".kept")
        path.rename(kept)
        if harm == "rubbish":
            path.write_bytes(b"rubbish" * 1000)
        told = station.wait_for_any(("brief_failed", "no_fresh_take"), seconds=120)
        assert "mine" in json.dumps(told), told
        station.wait_for("on_air", len(station.events("on_air")) + 1, seconds=120)
        kept.rename(path)
        station.wait_for_fresh(seconds=200)
