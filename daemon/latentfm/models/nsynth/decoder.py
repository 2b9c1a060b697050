"""NSynth's decoder, sample by sample: a step of all 30 layers is one LiteRT signature, what they remember is here.

Cached states after Le Paine et al., "Fast Wavenet Generation Algorithm" (arXiv:1611.09482); source:
`FastGenerationConfig` in magenta/models/nsynth/wavenet/h512_bo16.py. Two things are done less often than there. What a
code adds to each layer is computed once for all the samples of the code. And where a layer dilates by 16 samples or
more, its past taps are known 16 samples beforehand and multiplied as one matrix: their weights, a third of all, are
read once in that time. (On one core a sample took 6.0 ms instead of 8.7, of sixteen notes 23 instead of 26; with int8
weights 1.7 instead of 2.3, and 6.5 instead of 6.9.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentfm.models.nsynth.facts import TAPS, NSynthFacts
from latentfm.models.nsynth.mu_law import seen
from latentfm.models.nsynth.rings import Rings
from latentfm.models.playable import Array, Steps

Codes = NDArray[np.float32]


class Decoder:
    """Notes that are being made, each from codes of its own.

    Attributes:
        position: samples that the logits of were given.
        rings: what the layers remember.
    """

    def __init__(self, facts: NSynthFacts, steps: Steps, codes: Codes) -> None:
        """Begin before the first sample.

        Args:
            facts: of the model.
            steps: its playable.
            codes: ``[n, time, bottleneck]``.
        """
        self._facts, self._steps, self._codes = facts, steps, codes
        self.position = 0
        self.rings = Rings(facts.dilations, len(codes), facts.width)
        self._recent = np.zeros((len(codes), TAPS), np.float32)
        self._blocks: dict[str, Array] = {}
        self._ahead = facts.ahead_layers
        self._others = tuple(layer for layer in range(facts.layers) if layer not in self._ahead)
        self._hidden = tuple((layer, f"hidden{layer}") for layer in range(facts.layers))
        self._inputs: dict[str, Array] = {}  # those that stay for all samples of a code
        self._frame: dict[str, Array] = {}

    def next(self, before: NDArray[Any]) -> NDArray[np.float32]:
        """Return the logits of the next sample, ``[n, 256]``.

        Args:
            before: labels of the sample before it, ``[n]``; before the first, silence.
        """
        position, rings = self.position, self.rings
        self._recent[:, :-1] = self._recent[:, 1:]
        self._recent[:, -1] = seen(before)
        place = position % self._facts.ahead
        if not place:
            self._begin_block()
        inputs = self._inputs | {"recent": self._recent}
        for layer in self._others:
            inputs[f"far{layer}"] = rings.far(layer, position)
            inputs[f"near{layer}"] = rings.near(layer, position)
        for name, block in self._blocks.items():
            inputs[name] = block[place]
        outputs = self._steps("step", **inputs)
        for layer, name in self._hidden:
            rings.put(layer, position, outputs[name])
        self.position += 1
        return outputs["logits"]

    def go_on_from(self, position: int, labels: NDArray[Any]) -> None:
        """Go on from a sample whose `rings` have been restored, at the start of a block.

        Args:
            position: samples that were made.
            labels: of all of them, ``[n, position]``.
        """
        self.position = position
        heard = seen(labels[:, -TAPS:-1])  # the last comes with the next step
        self._recent[:, TAPS - heard.shape[1] :] = heard
        self._begin_code()

    def _begin_block(self) -> None:
        """Multiply the past of the coming samples where it is known."""
        position, count = self.position, self._facts.ahead
        if position % self._facts.hop == 0:
            self._begin_code()
        if not self._ahead:
            return
        inputs: dict[str, Array] = {}
        for layer in self._ahead:
            inputs[f"far{layer}"] = self.rings.far_block(layer, position, count)
            inputs[f"near{layer}"] = self.rings.near_block(layer, position, count)
        outputs = self._steps("ahead", **inputs)
        for layer in self._ahead:
            block = outputs[f"past{layer}"].reshape(count, len(self._codes), -1)
            block += self._frame[f"frame{layer}"]
            self._blocks[f"past{layer}"] = block

    def _begin_code(self) -> None:
        """Compute what the code of the coming samples adds to each layer."""
        code = self._codes[:, self.position // self._facts.hop]
        self._frame = self._steps("frame", code=np.ascontiguousarray(code))
        names = (*(f"frame{layer}" for layer in self._others), "frame_out")
        self._inputs = {name: self._frame[name] for name in names}
