"""General MIDI's programs by name."""

from __future__ import annotations

import pytest
from pretty_midi.constants import INSTRUMENT_MAP

from latentfm.music import programs


def test_all_names_are_known_as_others_write_them() -> None:
    """pretty_midi's names find the same numbers; two of its 128 are not the specification's."""
    other = {"Clavinet": "Clavi", "Synth Choir": "Synth Voice"}
    assert [programs.number(other.get(name, name)) for name in INSTRUMENT_MAP] == list(range(128))


@pytest.mark.parametrize(
    ("text", "number"),
    [("flute", 73), ("Choir Aahs", 52), ("harp", 46), ("bagpipe", 109), ("lead square", 80), ("73", 73), ("0", 0)],
)
def test_names_may_be_short(text: str, number: int) -> None:
    """A part of a name will do where it is one program's only; numbers count from 0."""
    assert programs.number(text) == number


@pytest.mark.parametrize("text", ["", "128", "-1", "cat", "organ", "piano 9", "bass lead 8"])
def test_what_means_none_or_several_is_no_program(text: str) -> None:
    """Nothing is guessed."""
    assert programs.number(text) is None


def test_several_are_named() -> None:
    """What a word may mean is told."""
    assert [programs.NAMES[number] for number in programs.matching("organ")] == [
        "drawbar organ",
        "percussive organ",
        "rock organ",
        "church organ",
        "reed organ",
    ]
