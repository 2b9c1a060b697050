"""Attribute vectors: directions of the latent space along which music gains what some examples have.

Source: Roberts et al. (arXiv:1803.05428), section 5.4: the mean code of examples with an attribute less that of
examples without.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentfm.models.events import Labels
from latentfm.models.music_vae.model import MusicVAE, Points


@dataclass(frozen=True)
class AttributeVector:
    """The difference, float32 ``[z]``, that an attribute makes to a model's latent points."""

    vector: Points

    def apply(self, z: Points, amount: float = 1.0) -> Points:
        """Return points ``[n, z]`` moved towards the attribute, or away from it with a negative amount."""
        moved: Points = (z + amount * self.vector).astype(np.float32)
        return moved

    def of(self, z: Points) -> NDArray[np.float64]:
        """Return how far points ``[n, z]`` lie along the attribute, in lengths of its vector, ``[n]``."""
        return np.asarray(z @ self.vector / max(float(self.vector @ self.vector), 1e-12), dtype=np.float64)


def attribute_vector(model: MusicVAE, having: Labels, lacking: Labels) -> AttributeVector:
    """Find an attribute from examples.

    Args:
        model: whose latent space it is.
        having: windows with the attribute, as `MusicVAE.encode` takes them.
        lacking: windows without.

    Raises:
        ValueError: there are no examples of one kind, or windows have another shape.
    """
    if not len(having) or not len(lacking):
        raise ValueError("an attribute needs examples with it and examples without")
    means = [model.encode(windows)[0].mean(axis=0) for windows in (having, lacking)]
    return AttributeVector((means[0] - means[1]).astype(np.float32))
