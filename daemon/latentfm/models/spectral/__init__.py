"""The spectral autoencoder: frames of harmonics and noise to codes of 16 numbers and back, at any pitch."""

from latentfm.models.spectral.facts import SpectralFacts
from latentfm.models.spectral.model import SpectralCoder

__all__ = ["SpectralCoder", "SpectralFacts"]
