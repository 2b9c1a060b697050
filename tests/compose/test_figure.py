"""The picture of a section."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from latentfm.brief import Brief
from latentfm.compose import compose, figure
from latentfm.errors import ComposeError
from latentfm.playlist import Playlist


def test_a_section_is_drawn(day: Playlist, tmp_path: Path) -> None:
    """A section gives a PNG of some size; a place that can't be written is an error."""
    section = compose(Brief(seed=5, playlist=day))
    path = tmp_path / "section.png"
    figure.draw(section, path)
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size > 20_000
    with pytest.raises(ComposeError, match="can't be written"):
        figure.draw(section, tmp_path / "none" / "section.png")


def test_two_components_keep_distances() -> None:
    """Points on a plane in a space of many dimensions keep their distances."""
    rng = np.random.default_rng(0)
    plane, flat = rng.normal(size=(2, 64)), rng.normal(size=(5, 2))
    plane = np.linalg.qr(plane.T)[0].T
    found = figure.components(flat @ plane)
    assert np.linalg.norm(found[0] - found[3]) == pytest.approx(np.linalg.norm(flat[0] - flat[3]))


def test_composing_needs_no_matplotlib() -> None:
    """Pictures are the only thing that loads matplotlib."""
    code = "import sys; import latentfm.compose, latentfm.compose.figure; print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split()[-1] == "False"
