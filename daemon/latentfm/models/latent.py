"""Points and paths in a latent space."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
Floats = NDArray[np.float64]


def slerp(a: Points, b: Points, t: float) -> Points:
    """Return the point at part ``t`` of the spherical path from ``a`` to ``b``, float32 ``[z]``.

    The angle goes evenly and the length goes evenly from one's to the other's, so the path stays where the
    prior has its mass. Points on one line through the origin are joined straight. Source: Shoemake,
    "Animating rotation with quaternion curves" (1985); Magenta's ``music_vae_generate`` interpolates so too.
    """
    length_a, length_b = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if min(length_a, length_b) < 1e-9:  # noqa: PLR2004 - no direction to turn from
        return ((1 - t) * a + t * b).astype(np.float32)
    angle = np.arccos(np.clip(np.dot(a / length_a, b / length_b), -1.0, 1.0))
    if np.sin(angle) < 1e-6:  # noqa: PLR2004
        return ((1 - t) * a + t * b).astype(np.float32)
    direction = (np.sin((1 - t) * angle) * a / length_a + np.sin(t * angle) * b / length_b) / np.sin(angle)
    point: Points = (direction * ((1 - t) * length_a + t * length_b)).astype(np.float32)
    return point


def interpolate(a: Points, b: Points, count: int) -> Points:
    """Return ``count`` points from ``a`` to ``b``, both included, float32 ``[count, z]``.

    Raises:
        ValueError: ``count`` is below 2.
    """
    if count < 2:  # noqa: PLR2004
        raise ValueError(f"a path has at least its two ends: {count} points asked for")
    return np.stack([slerp(a, b, index / (count - 1)) for index in range(count)])


def evenly(distance: Floats, count: int) -> list[int]:
    """Return which of many points on a path lie nearest to even shares of the way; the ends are among them.

    Args:
        distance: of each point from the first, in whatever measure, ``[points]``.
        count: how many to return, at least 2; none goes back behind the one before.
    """
    shares = distance[-1] * np.arange(1, count - 1) / (count - 1)
    nearest = np.abs(distance[:, None] - shares[None]).argmin(axis=0)
    places: list[int] = np.maximum.accumulate([0, *nearest, len(distance) - 1]).tolist()
    return places
