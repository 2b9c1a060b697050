"""The faults that `make mutations` makes can still be made, and the tests that should notice are still there."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
MUTATIONS = tomllib.loads((ROOT / "scripts" / "mutations.toml").read_text("utf-8"))["mutation"]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation["fault"].replace(" ", "_"))
def test_a_fault_can_be_made(mutation: dict[str, Any]) -> None:
    """The code that is to be broken stands where it stood, once, and is code when it is broken."""
    whole = (ROOT / "daemon" / "latentfm" / mutation["file"]).read_text("utf-8")
    assert whole.count(mutation["old"]) == 1
    broken = whole.replace(mutation["old"], mutation["new"])
    assert ast.dump(ast.parse(broken)) != ast.dump(ast.parse(whole))
    for test in mutation["tests"]:
        file, _, name = test.partition("::")
        text = (ROOT / file).read_text("utf-8")
        assert f"def {name}(" in text or not name


def test_every_part_that_keeps_it_on_air_is_broken() -> None:
    """Each in several ways."""
    parts = [mutation["part"] for mutation in MUTATIONS]
    for part in ("fall back", "watchdog", "gate", "reader thread", "fader", "hours", "guard"):
        assert parts.count(part) >= 3, part
