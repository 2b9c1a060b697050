"""The variables of NSynth's WaveNet autoencoder: their names and shapes as Magenta's checkpoints have them.

Source: the scopes in magenta/models/nsynth/wavenet/h512_bo16.py. Kernels are those of 2-d convolutions of height 1.
The published checkpoint keeps each variable four times: itself, two moments of Adam and a moving average. (Its
986 763 532 bytes are just that, less the moments of ``res_30``, which nothing depends on.)
"""

from __future__ import annotations

from latentfm.models.nsynth.facts import CLASSES, TAPS, NSynthFacts

Shapes = dict[str, tuple[int, ...]]


def variable_shapes(facts: NSynthFacts) -> Shapes:
    """Return the shape of every variable by its name."""
    width, skip, codes, below = facts.width, facts.skip_width, facts.bottleneck, facts.encoder_width
    shapes = _convolution("ae_startconv", 1, below, TAPS)
    for layer in range(1, facts.encoder_layers + 1):
        shapes |= _convolution(f"ae_dilatedconv_{layer}", below, below, TAPS)
        shapes |= _convolution(f"ae_res_{layer}", below, below)
    shapes |= _convolution("ae_bottleneck", below, codes)
    shapes |= _convolution("startconv", 1, width, TAPS)
    shapes |= _convolution("skip_start", width, skip)
    for layer in range(1, facts.layers + 1):
        shapes |= _convolution(f"dilatedconv_{layer}", width, 2 * width, TAPS)
        shapes |= _convolution(f"cond_map_{layer}", codes, 2 * width)
        shapes |= _convolution(f"res_{layer}", width, width)
        shapes |= _convolution(f"skip_{layer}", width, skip)
    shapes |= _convolution("out1", skip, skip)
    shapes |= _convolution("cond_map_out1", codes, skip)
    return shapes | _convolution("logits", skip, CLASSES)


def _convolution(name: str, below: int, above: int, taps: int = 1) -> Shapes:
    return {f"{name}/W": (1, taps, below, above), f"{name}/biases": (above,)}
