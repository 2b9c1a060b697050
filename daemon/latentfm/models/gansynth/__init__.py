"""GANSynth: notes of instruments that do not exist, from points of a latent space."""

from latentfm.models.gansynth.configurations import CONFIGURATIONS, GanSynthConfiguration
from latentfm.models.gansynth.facts import GanSynthFacts, Normaliser
from latentfm.models.gansynth.model import GANSynth

__all__ = ["CONFIGURATIONS", "GANSynth", "GanSynthConfiguration", "GanSynthFacts", "Normaliser"]
