"""Density as a direction of the latent space: along it motifs get busier, against it calmer.

Attribute vectors are those of Roberts et al. (arXiv:1803.05428, section 5.4); here the direction is a linear
regression of the notes a bar on the latent point, as both are known for as many draws of the prior as are wanted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.models.events import FIRST_PITCH_LABEL
from latentfm.models.music_vae import MusicVAE
from latentfm.music.metre import Metre

Points = NDArray[np.float32]
_DRAWS: Final = 512
_TEMPERATURE: Final = 0.5
_FURTHEST: Final = 2.0  # standard deviations that a point is moved at most: further out the prior knows no music
_WANTED: Final = (0.25, 0.6)  # where in a playlist's range of densities sections aim: its busy end is for single motifs


@dataclass(frozen=True)
class Attribute:
    """What a model's notes a bar depend on: a mean, a unit vector ``[z]``, and notes a bar for one unit of it."""

    mean: float
    direction: Points
    slope: float

    def of(self, z: Points) -> NDArray[np.float64]:
        """Return the notes a bar that are expected at points ``[n, z]``, ``[n]``."""
        return np.asarray(self.mean + self.slope * (z @ self.direction), dtype=np.float64)

    def moved(self, z: Points, wanted: float) -> Points:
        """Return points ``[n, z]`` moved along the direction until ``wanted`` notes a bar are expected there."""
        steps = np.clip((wanted - self.of(z)) / max(self.slope, 1e-6), -_FURTHEST, _FURTHEST)
        return np.asarray(z + steps[:, None] * self.direction, dtype=np.float32)


@lru_cache(1)
def attribute(vae: MusicVAE, metre: Metre) -> Attribute:
    """Find a melody model's direction of density in bars of its metre, or return that of the last one.

    It belongs to the model as its weights do, so its draws are the same for every brief.
    """
    z, decoded = vae.sample(_DRAWS, np.random.default_rng(0), _TEMPERATURE)
    notes = (decoded.labels >= FIRST_PITCH_LABEL).sum(axis=1) * metre.steps_per_bar / vae.steps
    along = (z * (notes - notes.mean())[:, None]).mean(axis=0)  # the regression's weights: the prior is white
    slope = float(np.linalg.norm(along))
    return Attribute(float(notes.mean()), np.asarray(along / max(slope, 1e-6), dtype=np.float32), slope)


def wanted(notes_per_bar: tuple[float, float], stretch: int, rng: np.random.Generator) -> float:
    """Draw the notes a bar that a section's motifs should have as the model writes them, before they are stretched."""
    low, high = notes_per_bar
    return (low + (high - low) * float(rng.uniform(*_WANTED))) * stretch
