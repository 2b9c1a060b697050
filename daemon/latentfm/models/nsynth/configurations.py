"""Magenta's one configuration of NSynth's WaveNet autoencoder.

Source: magenta/models/nsynth/wavenet/h512_bo16.py. A checkpoint's shapes tell its widths and layers, not how its
dilations repeat nor how many samples a code stands for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from latentfm.models.nsynth.facts import NSynthFacts


@dataclass(frozen=True)
class NSynthConfiguration:
    """What a checkpoint's shapes do not tell."""

    name: str
    description: str
    hop: int = 512
    stages: int = 10
    encoder_stages: int = 10

    def facts(
        self,
        layers: int = 30,
        width: int = 512,
        skip_width: int = 256,
        encoder_layers: int = 30,
        encoder_width: int = 128,
        bottleneck: int = 16,
    ) -> NSynthFacts:
        """Return a model's facts; without sizes, those of the published one."""
        return NSynthFacts(
            hop=self.hop,
            bottleneck=bottleneck,
            layers=layers,
            stages=self.stages,
            width=width,
            skip_width=skip_width,
            encoder_layers=encoder_layers,
            encoder_stages=self.encoder_stages,
            encoder_width=encoder_width,
        )


CONFIGURATIONS: Mapping[str, NSynthConfiguration] = MappingProxyType(
    {
        "wavenet": NSynthConfiguration(
            "wavenet", "Encodes notes of instruments, 16 channels by 31 codes a second, and synthesizes their blends."
        )
    }
)
