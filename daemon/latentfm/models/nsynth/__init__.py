"""NSynth: a note to codes in time and back, sample by sample."""

from latentfm.models.nsynth.configurations import CONFIGURATIONS, NSynthConfiguration
from latentfm.models.nsynth.facts import NSynthFacts
from latentfm.models.nsynth.model import Keep, NSynth

__all__ = ["CONFIGURATIONS", "Keep", "NSynth", "NSynthConfiguration", "NSynthFacts"]
