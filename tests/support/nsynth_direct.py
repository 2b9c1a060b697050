"""NSynth's autoencoder written out in NumPy over whole signals: slow, plain, and in float64.

What the playables give, with their rings and blocks, is compared with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from latentfm.models.nsynth import NSynthFacts
from latentfm.models.nsynth.mu_law import compress, seen


class Direct:
    """An autoencoder with weights by Magenta's names."""

    def __init__(self, facts: NSynthFacts, weights: Mapping[str, Any]) -> None:
        self.facts = facts
        self.weights = {name: value.astype(np.float64) for name, value in weights.items()}

    def encode(self, audio: Any) -> Any:
        """Return the codes of notes ``[n, samples]``, ``[n, samples / hop, bottleneck]``."""
        hidden = self.convolve(compress(audio)[..., None], "ae_startconv", both_ways=True)
        for layer, dilation in enumerate(self.facts.encoder_dilations, 1):
            new = self.convolve(np.maximum(hidden, 0), f"ae_dilatedconv_{layer}", dilation, both_ways=True)
            hidden = hidden + self.convolve(np.maximum(new, 0), f"ae_res_{layer}")
        codes = self.convolve(hidden, "ae_bottleneck")
        return codes.reshape(len(codes), -1, self.facts.hop, codes.shape[2]).mean(axis=2)

    def logits(self, codes: Any, labels: Any) -> Any:
        """Return the logits of each sample given those before it, ``[n, samples, 256]``."""
        before = np.pad(seen(labels), [(0, 0), (1, 0)])[:, :-1, None]
        hidden = self.convolve(before, "startconv")
        skipped = self.convolve(hidden, "skip_start")
        for layer, dilation in enumerate(self.facts.dilations, 1):
            gates = self.convolve(hidden, f"dilatedconv_{layer}", dilation)
            gates = gates + self.condition(codes, f"cond_map_{layer}", labels.shape[1])
            opened, said = np.split(gates, 2, axis=2)
            new = np.tanh(said) / (1 + np.exp(-opened))
            hidden = hidden + self.convolve(new, f"res_{layer}")
            skipped = skipped + self.convolve(new, f"skip_{layer}")
        out = self.convolve(np.maximum(skipped, 0), "out1") + self.condition(codes, "cond_map_out1", labels.shape[1])
        return self.convolve(np.maximum(out, 0), "logits")

    def likeliest(self, codes: Any, samples: int) -> Any:
        """Return labels ``[n, samples]``, each the likeliest after those before it."""
        labels = np.zeros((len(codes), samples), int)
        for position in range(samples):
            labels[:, position] = self.logits(codes, labels[:, : position + 1])[:, position].argmax(axis=1)
        return labels

    def condition(self, codes: Any, name: str, samples: int) -> Any:
        """Return what the codes add to each sample."""
        return np.repeat(self.convolve(codes, name), self.facts.hop, axis=1)[:, :samples]

    def convolve(self, inputs: Any, name: str, dilation: int = 1, *, both_ways: bool = False) -> Any:
        """Convolve ``[n, time, below]`` over the past and the present, or over past and future."""
        kernel = self.weights[f"{name}/W"][0]
        reach = (len(kernel) - 1) * dilation
        left = reach // 2 if both_ways else reach
        padded = np.pad(inputs, [(0, 0), (left, reach - left), (0, 0)])
        length = inputs.shape[1]
        taps = (padded[:, tap * dilation : tap * dilation + length] @ weights for tap, weights in enumerate(kernel))
        return sum(taps) + self.weights[f"{name}/biases"]
