"""Briefs, and studios whose child goes wrong as a test plans."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from latentfm.brief import Brief
from latentfm.playlist import Playlist
from latentfm.studio import ChildStudio
from latentfm.studio.patience import Limits

QUICK = Limits(hello=30.0, first=2.0, least=1.0, wait_first=0.05, wait_most=0.2, tries=4, niceness=1)


@pytest.fixture
def brief() -> Brief:
    """A brief of the smallest ensemble."""
    voices = [{"role": "lead"}, {"role": "pad"}, {"role": "bass"}]
    return Brief(seed=42, playlist=Playlist.model_validate({"name": "day", "title": "Day", "voices": voices}))


@pytest.fixture
def faulty_studio(tmp_path: Path) -> Iterator[Callable[..., ChildStudio]]:
    """A function that starts a studio whose child follows a plan, one word an order, under changed limits."""
    studios: list[ChildStudio] = []

    def start(plan: str = "", **changes: Any) -> ChildStudio:
        plan_file = tmp_path / f"plan-{len(studios)}"
        plan_file.write_text(plan)
        script = Path(__file__).with_name("fault_child.py")
        command = (sys.executable, str(script), str(plan_file))
        tally = changes.pop("tally", None)
        studio = ChildStudio(tmp_path, limits=replace(QUICK, **changes), command=command, tally=tally)
        studios.append(studio)
        return studio

    yield start
    for studio in studios:
        studio.close()
