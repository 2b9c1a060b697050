"""MusicVAE: a stretch of music to a point in latent space and back."""

from latentfm.models.music_vae.facts import VaeFacts
from latentfm.models.music_vae.flat import Decoded, MusicVAE

__all__ = ["Decoded", "MusicVAE", "VaeFacts"]
