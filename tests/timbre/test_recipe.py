"""What a voice wants at a moment, and what it gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from latentfm.playlist import Voice
from latentfm.timbre.recipe import STEPS, WHOLE, recipe_at, recipes_of

HOUR = 3600.0


def walking(*blends: tuple[str, str, float], hours: float = 6.0) -> Voice:
    """Return a voice that walks from blend to blend."""
    return Voice(role="lead", blend=blends, blend_hours=hours)


def test_one_blend_is_the_same_at_any_time() -> None:
    """Its name says what it is made of, and the order of its sounds makes no difference."""
    voice = Voice(role="lead", blend=("flute", "choir aahs", 0.4))
    recipe = recipe_at(voice, 0.0)
    assert recipe is not None
    assert dict(recipe.parts) == {"flute": 12, "choir aahs": 8}
    assert recipe == recipe_at(voice, 1.7e9)
    assert recipe.program == 73
    other = recipe_at(Voice(role="lead", blend=("choir aahs", "flute", 0.6)), 0.0)
    assert other is not None
    assert other.name == recipe.name
    assert str(recipe) == "40% choir aahs + 60% flute"


def test_a_walk_goes_through_its_blends_and_back() -> None:
    """After half of its hours it has come to the second of two; after all of them it is at the first again."""
    voice = walking(("flute", "choir aahs", 0.0), ("flute", "violin", 1.0))
    shares = [
        dict(recipe.parts) for recipe in (recipe_at(voice, hour * HOUR) for hour in (0.1, 1.6, 3.1, 6.1)) if recipe
    ]
    assert shares == [{"flute": 20}, {"flute": 10, "violin": 10}, {"violin": 20}, {"flute": 20}]
    assert len(recipes_of(voice)) == STEPS + 1
    assert recipes_of(Voice(role="lead", program=40)) == ()


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 2e9))
def test_shares_are_whole(first: float, second: float, moment: float) -> None:
    """They sum to twenty twentieths, none is nil, and one step of the walk moves none by more than it should."""
    voice = walking(("flute", "harmonica", first), ("violin", "harmonica", second), hours=3.0)
    recipe, later = recipe_at(voice, moment), recipe_at(voice, moment + 3.0 * HOUR / (2 * STEPS))
    assert recipe is not None
    assert later is not None
    assert sum(share for _, share in recipe.parts) == WHOLE
    assert all(share > 0 for _, share in recipe.parts)
    before, after = dict(recipe.parts), dict(later.parts)
    moved = [abs(before.get(sound, 0) - after.get(sound, 0)) for sound in {*before, *after}]
    assert max(moved) <= WHOLE / STEPS + 1


@pytest.mark.parametrize(
    "keys",
    [
        {"role": "lead", "blend": ["flute", "violin", 1.5]},
        {"role": "lead", "blend": ["flute", 0.5]},
        {"role": "lead", "blend": [["flute", "violin", 0.5]]},
        {"role": "drums", "blend": ["flute", "violin", 0.5]},
        {"role": "lead", "blend": ["flute", "violin", 0.5], "blend_hours": 0},
    ],
)
def test_blends_that_are_none_are_refused(keys: dict[str, object]) -> None:
    """Shares beyond the ends, sounds that are missing, a walk of one, and drums."""
    with pytest.raises(ValidationError):
        Voice.model_validate(keys)
