"""Models that came in from outside compose by the names that playlists give them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from latentfm.brief import Brief
from latentfm.compose import Section, compose
from latentfm.models import catalogue
from latentfm.playlist import Playlist

FIXTURES = Path(__file__).resolve().parents[1] / "parity" / "fixtures"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the user's folder of models, empty."""
    monkeypatch.setenv("LATENTFM_MODELS", str(tmp_path))
    return tmp_path


def composed(mood: Playlist, role: str, name: str) -> Section:
    """Compose a section of a mood that names a model for a role."""
    table = mood.model_dump(mode="json")
    table["models"][role] = name
    section = compose(Brief(seed=5, playlist=Playlist.model_validate(table)))
    assert section.provenance["models"][name] == catalogue.checksum(name)
    return section


@pytest.mark.train
def test_a_bundle_that_was_imported_answers(day: Playlist, models: Path) -> None:
    """A MelodyRNN that Magenta wrote plays the answers of a mood that names it."""
    from latentfm.training.importing import Wish, import_checkpoint  # noqa: PLC0415 - imports TensorFlow

    bundle = FIXTURES / "event_rnn" / "attention_rnn" / "attention_rnn.mag"
    import_checkpoint(bundle, models, Wish(name="from_magenta"))
    section = composed(day, "melody_rnn", "from_magenta")
    assert section.provenance["sources"]["answer"] > 0


def test_a_trio_that_is_here_writes_sixteen_bars(day: Playlist, models: Path) -> None:
    """A MusicVAE of trios, as Magenta configures it but small and drawn at random, is loaded by its name and plays."""
    for file in (FIXTURES / "music_vae" / "playables").glob("hierdec-trio_16bar.*"):
        shutil.copy(file, models)
    section = composed(day, "trio", "hierdec-trio_16bar")
    first, after = section.form.body
    assert (after - first) % 16 == 0
    assert section.provenance["sources"] == {"trio": 1.0}
