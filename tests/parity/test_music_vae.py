"""MusicVAE gives Magenta's numbers: checkpoints and numbers that Magenta 2.1.4 wrote, imported and played here."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).parent
FIXTURES = HERE / "fixtures" / "music_vae"
PLAYED = ("cat-mel_2bar_small", "hier-mel_16bar", "hierdec-trio_16bar")  # imported where the fixtures were made
IMPORTED = (
    *("cat-drums_2bar_small", "cat-drums_2bar_big", "cat-mel_2bar_big", "flat-mel_16bar", "hierdec-mel_16bar"),
    *("flat-trio_16bar", "hier-trio_16bar"),
)


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the module that compares, which has its like beside it."""
    for name in ("converters", "row"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(HERE / "compare")
    spec = importlib.util.spec_from_file_location("compare_music_vae", HERE / "compare" / "music_vae.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def test_converters_give_magentas_tensors_and_sequences(compare: Any) -> None:
    """Sixteen NoteSequences give each converter the same tensors in the same order, and those the same music."""
    rows = list(compare.converter_rows(FIXTURES / "converters.npz"))
    assert {row.configuration for row in rows} >= {"cat-mel_2bar_small", "cat-drums_2bar_small", "hierdec-trio_16bar"}
    assert [row for row in rows if not row.holds] == []


def test_every_fixture_is_compared() -> None:
    """Each checkpoint whose numbers Magenta wrote is imported by a test, or was where the fixtures were made."""
    assert sorted([*PLAYED, *IMPORTED]) == sorted(path.parent.name for path in FIXTURES.glob("*/numbers.npz"))


@pytest.mark.parametrize("name", PLAYED)
def test_playables_play_magentas_numbers(name: str, compare: Any) -> None:
    """Moments, teacher-forced logits, likeliest labels and those drawn from the same numbers are Magenta's."""
    model = compare.played(FIXTURES / "playables" / f"{name}.json")
    with np.load(FIXTURES / name / "numbers.npz") as numbers:
        rows = list(compare.compare(name, model, dict(numbers)))
    assert len(rows) == 5
    assert [row for row in rows if not row.holds] == []


@pytest.mark.train
@pytest.mark.parametrize("name", IMPORTED)
def test_checkpoints_of_magenta_import_as_they_are(name: str, compare: Any, tmp_path: Path) -> None:
    """A checkpoint that Magenta wrote, one of them in a tar, becomes a playable with its numbers."""
    pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
    model = compare.imported(FIXTURES / name, tmp_path)
    with np.load(FIXTURES / name / "numbers.npz") as numbers:
        assert [row for row in compare.compare(name, model, dict(numbers)) if not row.holds] == []
