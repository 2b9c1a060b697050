"""The models of a playlist: those that can't play in its metre are refused before anything is composed."""

from __future__ import annotations

import pytest

from latentfm.compose import engine
from latentfm.errors import ModelError
from latentfm.playlist import Playlist


def test_a_model_of_another_metre_composes_nothing(day: Playlist) -> None:
    """A mood in 3/4 with the models of 4/4 says which one is wrong; the mood that they are for loads."""
    assert set(engine.load(day).checksums) == set(day.model_names)
    waltz = day.model_copy(update={"tempo": day.tempo.model_copy(update={"metre": "3/4"})})
    with pytest.raises(ModelError, match="'melody_2bar' knows 4/4, not 3/4"):
        engine.load(waltz)
