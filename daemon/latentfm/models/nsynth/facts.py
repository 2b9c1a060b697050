"""What the card of an NSynth WaveNet autoencoder says to the engine."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from latentfm.models.playable import Facts

CLASSES = 256  # of a sample: 8 bits of mu-law
TAPS = 3  # of every filter over time


class NSynthFacts(Facts):
    """Sizes of the network: an encoder that looks both ways in time, and a decoder that draws sample after sample.

    Layers dilate their filters by 1, 2, 4 and so on; after so many stages they begin again.
    """

    kind: Literal["nsynth"] = "nsynth"
    representation: Literal["audio"] = "audio"
    sample_rate: int = 16_000  # Hz
    hop: int  # samples that one code stands for
    bottleneck: int  # channels of a code
    layers: int  # the decoder's
    stages: int
    width: int
    skip_width: int
    encoder_layers: int
    encoder_stages: int
    encoder_width: int
    ahead: int = 16  # samples whose past is multiplied at once, by the layers that dilate as far or farther

    @model_validator(mode="after")
    def _whole_blocks(self) -> Self:
        if self.hop % self.ahead:
            raise ValueError(f"a hop of {self.hop} samples is no whole number of blocks of {self.ahead}")
        return self

    @property
    def dilations(self) -> tuple[int, ...]:
        """Samples from one tap to the next, of each layer of the decoder."""
        return tuple(2 ** (layer % self.stages) for layer in range(self.layers))

    @property
    def encoder_dilations(self) -> tuple[int, ...]:
        """Samples from one tap to the next, of each layer of the encoder."""
        return tuple(2 ** (layer % self.encoder_stages) for layer in range(self.encoder_layers))

    @property
    def ahead_layers(self) -> tuple[int, ...]:
        """Layers of the decoder whose past taps are known for a whole block beforehand."""
        return tuple(layer for layer, dilation in enumerate(self.dilations) if dilation >= self.ahead)

    @property
    def code_rate(self) -> float:
        """Codes a second."""
        return self.sample_rate / self.hop
