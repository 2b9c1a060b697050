"""What a mood's voices play, with some of their instruments made and others not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from latentfm.config import load_playlist
from latentfm.errors import ConfigError
from latentfm.playlist import Playlist
from latentfm.render.soundfonts import LIBRARY_VARIABLE
from latentfm.timbre.recipe import Recipe, recipe_at, recipes_of
from latentfm.timbre.sf2.file import write
from latentfm.timbre.sf2.font import Font, Instrument, Preset, Sample, Zone
from latentfm.timbre.voicing import unblended, voiced, wanted

MOOD = """\
title = "Test"
[[voices]]
role = "lead"
blend = ["bowed glass", "Harp", 0.3]
[[voices]]
role = "pad"
program = 48
blend = [["flute", "violin", 0.0], ["flute", "violin", 1.0]]
blend_hours = 8
[[voices]]
role = "bass"
program = 32
"""
HOUR = 3600.0


@pytest.fixture
def mood(tmp_path: Path) -> Callable[..., Playlist]:
    """Return a maker of the mood, with words replaced."""

    def make(*changes: tuple[str, str]) -> Playlist:
        text = MOOD.replace("bowed glass", "marimba")
        for old, new in changes:
            text = text.replace(old, new)
        path = tmp_path / "mood.toml"
        path.write_text(text)
        return load_playlist(path)

    return make


@pytest.fixture
def finish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Recipe], None]:
    """Return what puts a font for a recipe into the library."""
    library = tmp_path / "timbres"
    monkeypatch.setenv(LIBRARY_VARIABLE, str(library))

    def make(recipe: Recipe) -> None:
        zone = Zone(Sample("s", np.zeros(1000, np.int16), 48_000), 60)
        write(
            Font(recipe.name, (Preset("p", (Instrument("i", (zone,)),), recipe.program),)),
            library / f"{recipe.name}.sf2",
        )

    return make


def played(mood: Playlist, hours: float) -> list[tuple[str, int]]:
    """Return font and program of each voice at an hour of the walk."""
    return [(voice.soundfont, voice.program) for voice in voiced(mood, hours * HOUR).voices]


def test_until_it_is_made_the_nearer_sound_plays(mood: Callable[..., Playlist], finish: Callable[..., None]) -> None:
    """Then the blend does; nothing of a blend is left for the brief either way."""
    playlist = mood()
    assert playlist.voices[0].blend == ("marimba", "orchestral harp", 0.3)
    assert played(playlist, 0.5) == [("default", 12), ("default", 73), ("default", 32)]
    assert played(playlist, 4.5)[1] == ("default", 40)  # half of the walk later the violin is nearer
    recipe = recipe_at(playlist.voices[0], 0.0)
    assert recipe is not None
    finish(recipe)
    assert played(playlist, 0.5)[0] == (recipe.name, 12)
    assert all(voice.blend is None for voice in voiced(playlist).voices)
    assert [voice.soundfont for voice in unblended(playlist).voices] == ["default"] * 3


def test_of_a_walk_the_nearest_that_is_made_plays(mood: Callable[..., Playlist], finish: Callable[..., None]) -> None:
    """With the two ends made, the one or the other does, whatever lies between."""
    playlist = mood()
    walk = recipes_of(playlist.voices[1])
    assert [dict(recipe.parts).get("violin", 0) for recipe in walk] == [0, 5, 10, 15, 20]
    finish(walk[0])
    finish(walk[-1])
    assert played(playlist, 1.5)[1] == (walk[0].name, 73)
    assert played(playlist, 3.5)[1] == (walk[-1].name, 40)


def test_what_is_wanted_first(mood: Callable[..., Playlist], finish: Callable[..., None]) -> None:
    """What the voices play now, then the rest of the walk from there on; nothing that is made."""
    playlist = mood()
    walk = recipes_of(playlist.voices[1])
    now = wanted(playlist, 2.5 * HOUR)
    lead = recipe_at(playlist.voices[0], 0.0)
    assert now == (lead, walk[2], walk[3], walk[4], walk[0], walk[1])
    finish(walk[2])
    assert wanted(playlist, 2.5 * HOUR) == (lead, walk[3], walk[4], walk[0], walk[1])


def test_a_recording_lies_beside_the_playlist(mood: Callable[..., Playlist], tmp_path: Path) -> None:
    """Its path is made whole; until it has become an instrument the program plays that the blend is with."""
    playlist = mood(('"Harp"', '"cat.wav"'), ("0.3", "0.9"))
    assert playlist.voices[0].blend == ("marimba", str(tmp_path / "cat.wav"), 0.9)
    assert played(playlist, 0.0)[0] == ("default", 12)


@pytest.mark.parametrize(
    ("sound", "words"),
    [("celo", "did you mean 'cello'"), ("guitar", "write one of"), ("128", "expected a General MIDI")],
)
def test_a_sound_that_is_none_is_told(mood: Callable[..., Playlist], sound: str, words: str) -> None:
    """With the file, the voice, and what might be meant."""
    with pytest.raises(ConfigError, match=r"mood\.toml: voices\[0\]\.blend: ") as told:
        mood(('"Harp"', f'"{sound}"'))
    assert words in str(told.value)
