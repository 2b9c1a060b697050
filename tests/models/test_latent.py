"""Paths in latent space."""

from __future__ import annotations

import numpy as np
import pytest

from latentfm.models.latent import evenly, interpolate, slerp


def points(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw two points of a 128-dimensional prior."""
    a, b = np.random.default_rng(seed).standard_normal((2, 128)).astype(np.float32)
    return a, b


def test_a_path_has_its_ends() -> None:
    """The first and last points are those that were given."""
    a, b = points(0)
    path = interpolate(a, b, 5)
    np.testing.assert_allclose(path[[0, -1]], [a, b], atol=1e-5)


def test_a_path_turns_evenly_and_keeps_its_length() -> None:
    """Equal steps are equal angles, and the middle is no shorter than its ends, as it would be on a straight line."""
    a, b = points(1)
    path = interpolate(a, b, 9)
    lengths = np.linalg.norm(path, axis=1)
    unit = path / lengths[:, None]
    angles = np.arccos(np.clip((unit[1:] * unit[:-1]).sum(axis=1), -1, 1))
    np.testing.assert_allclose(angles, angles[0], rtol=1e-2)
    assert lengths.min() >= min(lengths[0], lengths[-1]) - 1e-3


@pytest.mark.parametrize("scale", [0.0, 1.0, -1.0, 2.0])
def test_points_on_one_line_are_joined_straight(scale: float) -> None:
    """Points without an angle between them give no NaN."""
    a, _ = points(2)
    path = interpolate(a, scale * a, 5)
    assert np.isfinite(path).all()
    np.testing.assert_allclose(path[2], (1 + scale) / 2 * a, atol=1e-5)


def test_places_lie_at_even_shares_of_the_way() -> None:
    """A path that makes most of its way at once is walked slowly there; none leads back."""
    assert evenly(np.array([0.0, 0.22, 0.45, 0.6, 0.6, 0.55, 0.6]), 4) == [0, 1, 2, 6]
    assert evenly(np.array([0.0, 0.5, 0.2, 0.8, 0.6, 0.9, 1.0]), 5) == [0, 2, 2, 3, 6]
    assert evenly(np.zeros(5), 3) == [0, 0, 4]


def test_a_path_of_one_point_is_refused() -> None:
    """Fewer than two points are no path."""
    a, b = points(3)
    with pytest.raises(ValueError, match="two ends"):
        interpolate(a, b, 1)
    np.testing.assert_allclose(slerp(a, b, 0.0), a, atol=1e-5)
