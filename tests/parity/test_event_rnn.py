"""Event RNNs give Magenta's numbers: checkpoints and numbers that Magenta 2.1.4 wrote, imported and played here."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfm.models.event_rnn import CONFIGURATIONS

HERE = Path(__file__).parent
FIXTURES = HERE / "fixtures" / "event_rnn"
IMPORTED = ("attention_rnn", "drum_kit", "chord_pitches_improv", "polyphony")
REQUESTS = {"polyphony": 8}  # to the generator; the others have two


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the module that compares, which has its like beside it."""
    monkeypatch.delitem(sys.modules, "row", raising=False)
    monkeypatch.syspath_prepend(HERE / "compare")
    spec = importlib.util.spec_from_file_location("compare_event_rnn", HERE / "compare" / "event_rnn.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("config", CONFIGURATIONS)
def test_playables_play_magentas_numbers(config: str, compare: Any) -> None:
    """Logits of 64 steps, the likeliest events, those drawn from the same numbers, and NoteSequences are Magenta's."""
    with np.load(FIXTURES / config / "numbers.npz") as numbers:
        assert len(numbers["logits"]) == 64
        assert len(np.unique(numbers["likeliest"], axis=0)) > 1  # or agreeing would say little
        rows = list(compare.compare(FIXTURES / config / f"parity-{config}.tflite", dict(numbers), config))
    assert len(rows) == 4 + REQUESTS.get(config, 2)
    assert [row for row in rows if not row.holds] == []


@pytest.mark.train
@pytest.mark.parametrize("config", IMPORTED)
def test_checkpoints_of_magenta_import_as_they_are(config: str, compare: Any, tmp_path: Path) -> None:
    """A checkpoint that Magenta wrote, one of them a bundle, becomes a playable with its numbers."""
    pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
    [(checkpoint, _)] = compare.checkpoints(FIXTURES / config)
    playable = compare.imported(checkpoint, tmp_path)
    with np.load(FIXTURES / config / "numbers.npz") as numbers:
        assert [row for row in compare.compare(playable, dict(numbers), config) if not row.holds] == []
