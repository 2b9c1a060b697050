"""Expression: decibels to the values of controller 11."""

from __future__ import annotations

import pytest

from latentfm.music import expression


@pytest.mark.parametrize(
    ("level", "value"), [(0.0, expression.MIDDLE), (expression.ROOM, 127), (40.0, 127), (-40.0, 7)]
)
def test_a_level_is_a_value(level: float, value: int) -> None:
    """0 dB is the middle, all of the room the highest value, and a tenth of the value is 40 dB less."""
    assert expression.value(level) == value
