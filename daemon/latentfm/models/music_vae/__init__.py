"""MusicVAE: a stretch of music to a point in latent space and back."""

from latentfm.models.music_vae.attributes import AttributeVector, attribute_vector
from latentfm.models.music_vae.configurations import CONFIGURATIONS, VaeConfiguration
from latentfm.models.music_vae.facts import VaeFacts
from latentfm.models.music_vae.model import Decoded, MusicVAE
from latentfm.models.music_vae.trio import Trio, trio_of

__all__ = [
    "CONFIGURATIONS",
    "AttributeVector",
    "Decoded",
    "MusicVAE",
    "Trio",
    "VaeConfiguration",
    "VaeFacts",
    "attribute_vector",
    "trio_of",
]
