"""The walk through latent space on two principal components."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from latentfm.compose.walk import NEARBY
from latentfm.models.latent import slerp
from latentfm.report.piece import Piece, Points

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LETTERS: Final = "ABCD"
COLOURS: Final = ("#c0392b", "#d98324", "#2e8b57", "#2f6db5")
_CLOUD: Final = 300  # draws of the prior
_DRAFTS: Final = 48  # around each point
_BETWEEN: Final = 16  # points that a stretch of the path is drawn with
_SEED: Final = 1  # the clouds are scenery: the same in every report


@dataclass(frozen=True)
class Plane:
    """Two principal components ``[z, 2]`` through a centre ``[z]``, and the share of the spread that they show."""

    centre: Points
    axes: Points
    share: float

    def project(self, points: Points) -> Points:
        """Return points of the latent space ``[n, z]`` on the plane, ``[n, 2]``."""
        flat: Points = (points - self.centre) @ self.axes
        return flat


def plane_of(points: Points) -> Plane:
    """Return the two principal components of points ``[n, z]``; where they lie on a line the second is zero."""
    centre = points.mean(axis=0)
    _, sizes, rows = np.linalg.svd(points - centre, full_matrices=False)
    axes = np.zeros((points.shape[1], 2))
    axes[:, : min(2, len(rows))] = rows[:2].T
    total = float((sizes**2).sum())
    return Plane(centre, axes, float((sizes[:2] ** 2).sum()) / total if total else 1.0)


def spread(piece: Piece) -> Points:
    """Return the points whose principal components are shown: the walk and the older motifs, ``[n, z]``."""
    return np.concatenate([piece.walk(), piece.older()])


def strides(walk: Points) -> list[float]:
    """Return how far each step of a walk goes, as a share of the distance between two draws of the prior.

    Two draws from a normal distribution of z dimensions are about the root of 2 z apart.
    """
    apart = np.sqrt(2.0 * walk.shape[1])
    return [float(np.linalg.norm(after - before) / apart) for before, after in pairwise(walk)]


def draw(axes: Axes, piece: Piece) -> None:
    """Draw the path of a section, the clouds its drafts come from, older motifs, and draws of the prior."""
    path, older, recalled = piece.walk(), piece.older(), piece.recalled()
    plane = plane_of(spread(piece))
    rng = np.random.default_rng(_SEED)
    size = path.shape[1]
    prior = plane.project(rng.standard_normal((_CLOUD, size)))
    axes.scatter(prior[:, 0], prior[:, 1], s=5, color="#c9c5bb", linewidths=0, label="draws of the prior")
    for point, colour in zip(path, COLOURS, strict=False):
        near = plane.project(point + NEARBY * rng.standard_normal((_DRAFTS, size)))
        axes.scatter(near[:, 0], near[:, 1], s=7, color=colour, alpha=0.35, linewidths=0)
    if len(older):
        flat = plane.project(older)
        axes.scatter(flat[:, 0], flat[:, 1], s=26, marker="s", color="#8a8578", label="older motifs")
    if len(recalled):
        flat = plane.project(recalled)
        axes.scatter(flat[:, 0], flat[:, 1], s=120, facecolors="none", edgecolors="#222222", label="comes back here")
    axes.plot(*plane.project(_route(path)).T, color="#444444", linewidth=1.2, label="the walk")
    names = list(LETTERS[: len(path)])
    if piece.facts["anchor"] != "prior":
        names[-1] += f" {piece.facts['anchor']}"  # the MIDI file that the walk visits
    for name, (across, up), colour in zip(names, plane.project(path), COLOURS, strict=False):
        axes.scatter([across], [up], s=90, color=colour, zorder=4)
        axes.annotate(name, (across, up), xytext=(8, 6), textcoords="offset points", weight="bold", color=colour)
    axes.set_aspect("equal", adjustable="datalim")
    axes.set_xlabel("first component", fontsize=8)
    axes.set_ylabel("second component", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.legend(fontsize=7, loc="best", frameon=False)


def _route(path: Points) -> Points:
    """Return the path as it is walked, on spherical arcs from point to point."""
    narrow = path.astype(np.float32)
    pieces = [
        slerp(before, after, part / _BETWEEN) for before, after in pairwise(narrow) for part in range(_BETWEEN + 1)
    ]
    return np.array(pieces, dtype=np.float64)
