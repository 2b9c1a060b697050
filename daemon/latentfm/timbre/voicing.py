"""What each voice of a mood plays at a moment.

That is its blend, or of its walk the blend nearest to it that is made; and where none is, the nearer of its sounds.
"""

from __future__ import annotations

from pathlib import Path

from latentfm.errors import SoundFontError
from latentfm.playlist import Playlist, Voice
from latentfm.render import soundfonts
from latentfm.timbre.recipe import Recipe, recipe_at, recipes_of


def made(recipe: Recipe) -> Path | None:
    """Return where the instrument of a recipe lies, None if it is not made yet or is damaged."""
    try:
        return soundfonts.find(recipe.name)
    except SoundFontError:
        return None


def voiced(playlist: Playlist, moment: float = 0.0) -> Playlist:
    """Return a playlist whose voices name SoundFonts and programs only, as they are to sound at a moment.

    What is made by hand or measured takes the beginning of each walk.

    So a brief, and whatever is made of it, depends on the instruments that there were when it was written, by name and
    checksum, and not on what the library holds later.
    """
    return _with(playlist, tuple(_voiced(voice, moment) for voice in playlist.voices))


def unblended(playlist: Playlist) -> Playlist:
    """Return a playlist as it sounds while none of its blends is made: each is the nearer of its sounds."""
    return _with(playlist, tuple(_unblended(voice, recipe_at(voice, 0.0)) for voice in playlist.voices))


def wanted(playlist: Playlist, moment: float) -> tuple[Recipe, ...]:
    """Return what a playlist's voices want and what is not made yet, the most urgent first.

    That is what they want now, and then what they will, in the order of their walks.
    """
    walking = [voice for voice in playlist.voices if voice.blend is not None]
    now = [recipe for voice in walking if (recipe := recipe_at(voice, moment)) is not None]
    later = [recipe for voice in walking for recipe in _from(recipes_of(voice), recipe_at(voice, moment))]
    return tuple(recipe for recipe in dict.fromkeys([*now, *later]) if made(recipe) is None)


def _voiced(voice: Voice, moment: float) -> Voice:
    recipe = recipe_at(voice, moment)
    if recipe is None:
        return voice
    there = [one for one in recipes_of(voice) if made(one) is not None]
    if not there:
        return _unblended(voice, recipe)
    nearest = min(there, key=recipe.distance)
    return voice.model_copy(update={"soundfont": nearest.name, "bank": 0, "program": nearest.program, "blend": None})


def _unblended(voice: Voice, recipe: Recipe | None) -> Voice:
    if recipe is None:
        return voice
    program = voice.program if recipe.nearest_program is None else recipe.nearest_program
    return voice.model_copy(update={"program": program, "blend": None})


def _with(playlist: Playlist, voices: tuple[Voice, ...]) -> Playlist:
    return playlist if voices == playlist.voices else playlist.model_copy(update={"voices": voices})


def _from(recipes: tuple[Recipe, ...], first: Recipe | None) -> tuple[Recipe, ...]:
    """Return a walk's recipes beginning with one of them."""
    at = recipes.index(first) if first in recipes else 0
    return recipes[at:] + recipes[:at]
