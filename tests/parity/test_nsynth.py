"""NSynth gives Magenta's numbers: a checkpoint with the weights that Magenta 2.1.4 had, imported and played here."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

HERE = Path(__file__).parent
NUMBERS = HERE / "fixtures" / "nsynth" / "numbers.npz"

pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
pytestmark = pytest.mark.train


@pytest.fixture
def compare(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the module that compares."""
    monkeypatch.delitem(sys.modules, "row", raising=False)
    monkeypatch.syspath_prepend(HERE / "compare")
    spec = importlib.util.spec_from_file_location("compare_nsynth", HERE / "compare" / "nsynth.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def test_an_imported_checkpoint_plays_magentas_numbers(compare: Any, tmp_path: Path) -> None:
    """Codes, teacher-forced logits, the likeliest samples and those drawn from the same numbers are Magenta's."""
    with np.load(NUMBERS) as arrays:
        numbers = dict(arrays)
    model = compare.imported(compare.published(numbers, tmp_path), tmp_path / "models")
    rows = list(compare.compare(model, numbers))
    assert [row.figure for row in rows if row.bound] == ["codes", "teacher-forced logits"]
    assert len(rows) == 4
    assert [row for row in rows if not row.holds] == []
    for kind in ("likeliest", "drawn"):  # or any network would do
        assert (np.diff(numbers[kind].astype(int)) != 0).mean() > 0.4
