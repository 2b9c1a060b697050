"""The figures of music.md, for a few sections of each playlist that ships, composed in a row."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from latentfm.brief import Brief
from latentfm.compose import Section, compose
from latentfm.music import melody
from latentfm.playlist import Playlist

PLAYLISTS = Path(__file__).resolve().parents[2] / "playlists"
SECTIONS = 3  # the third comes back to an older motif
MODELS_SHARE = 0.75


@pytest.fixture(scope="module", params=sorted(path.stem for path in PLAYLISTS.glob("*.toml")))
def playlist(request: pytest.FixtureRequest) -> Playlist:
    """Each playlist that ships."""
    text = (PLAYLISTS / f"{request.param}.toml").read_text("utf-8")
    return Playlist.model_validate({"name": request.param, **tomllib.loads(text)})


@pytest.fixture(scope="module")
def row(playlist: Playlist) -> list[Section]:
    """Sections of a mood in a row."""
    made: list[Section] = []
    for seed in range(SECTIONS):
        made.append(compose(Brief(seed=seed, playlist=playlist, carry=made[-1].carry if made else None)))
    return made


def test_figures_lie_within_their_bounds(row: list[Section]) -> None:
    """No figure of any section misses its bound, and most of what the models wrote airs as they wrote it."""
    for section in row:
        assert section.provenance["missed"] == [], section.provenance["figures"]["aired"]
        assert section.provenance["figures"]["aired"]["model_share"] >= MODELS_SHARE


def test_no_two_sections_share_most_of_their_motifs(row: list[Section]) -> None:
    """Of any two sections in a row of them, neither has more than half of its motifs from the other."""
    motifs = [section.provenance["motifs"] for section in row]
    for index, ours in enumerate(motifs):
        for theirs in motifs[:index]:
            assert max(melody.alike_share(ours, theirs), melody.alike_share(theirs, ours)) <= 0.5
