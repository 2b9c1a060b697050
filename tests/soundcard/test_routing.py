"""Left and right go where a configuration says."""

from __future__ import annotations

import numpy as np
import pytest

from latentfm.soundcard.routing import route

PCM = np.array([[0.5, 0.25], [1.0, -1.0]], dtype=np.float32)
LEFT, RIGHT, BOTH, NONE = [0.5, 1.0], [0.25, -1.0], [0.375, 0.0], [0.0, 0.0]


@pytest.mark.parametrize(
    ("channels", "count", "expected"),
    [
        ((1, 2), 2, [LEFT, RIGHT]),
        ((2, 1), 2, [RIGHT, LEFT]),
        ((3, 4), 4, [NONE, NONE, LEFT, RIGHT]),
        ((1, 2), 4, [LEFT, RIGHT, NONE, NONE]),
        ((2,), 2, [NONE, BOTH]),
        ((1,), 1, [BOTH]),
        ((1, 2), 1, [BOTH]),
    ],
)
def test_sound_goes_where_it_is_sent(channels: tuple[int, ...], count: int, expected: list[list[float]]) -> None:
    """Two channels get a side each, one gets both, and nothing is heard on the others."""
    np.testing.assert_array_equal(route(PCM, channels, count).T, np.array(expected, dtype=np.float32))
