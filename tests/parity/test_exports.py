"""A bundle and a tar that were exported here give the numbers that Magenta computed with them (needs TensorFlow)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
pytestmark = pytest.mark.train

HERE = Path(__file__).parent


def test_magenta_computes_the_same_with_what_was_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    """The committed exports, imported again, agree with what Magenta 2.1.4 said of the very same files."""
    monkeypatch.syspath_prepend(HERE / "compare")
    spec = importlib.util.spec_from_file_location("compare_exports", HERE / "compare" / "exports.py")
    assert spec is not None
    assert spec.loader is not None
    compare: Any = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, compare)
    spec.loader.exec_module(compare)
    rows = list(compare.rows(HERE / "fixtures" / "exports"))
    assert {row.figure for row in rows} >= {"softmax, 64 steps", "mu", "events that differ, drawn"}
    assert [row for row in rows if not row.holds] == []
