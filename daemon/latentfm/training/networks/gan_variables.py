"""The variables of a GANSynth's generator: their names and shapes as Magenta's checkpoints have them.

Source: the scopes in magenta/models/gansynth/lib/networks.py and layers.py, as Magenta 2.1.4 builds them.
"""

from __future__ import annotations

from latentfm.models.gansynth import GanSynthFacts

Shapes = dict[str, tuple[int, ...]]
_SCOPE = "Generator/progressive_gan_generator/"
CHANNELS = 2
KERNEL = 3


def layer(block: int, name: str) -> str:
    """Return the scope of a layer of a block, which count from 1: ``conv0``, ``conv1`` or ``to_rgb``."""
    return f"{_SCOPE}progressive_gan_block_{block}/{name}"


def kernel(block: int, name: str) -> str:
    """Return the name of a layer's kernel."""
    return f"{layer(block, name)}/conv2d/kernel"


def bias(block: int, name: str) -> str:
    """Return the name of a layer's bias."""
    return f"{layer(block, name)}/bias"


def variable_shapes(facts: GanSynthFacts) -> Shapes:
    """Return the shape of every variable by its name."""
    shapes: Shapes = {}
    below, size = facts.z_size + facts.pitches, facts.start  # the first kernel is as large as the first spectrogram
    for block, filters in enumerate(facts.filters, 1):
        square = (KERNEL, KERNEL)
        for name, extent, depth, width in (
            ("conv0", size, below, filters),
            ("conv1", square, filters, filters),
            ("to_rgb", (1, 1), filters, CHANNELS),
        ):
            shapes |= {kernel(block, name): (*extent, depth, width), bias(block, name): (width,)}
        below, size = filters, square
    return shapes
