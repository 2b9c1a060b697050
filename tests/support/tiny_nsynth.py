"""A small NSynth autoencoder with weights at random, as a playable, for tests that have no TensorFlow.

    python tests/support/tiny_nsynth.py

writes the playable anew; `tests/training/test_nsynth_network.py` tells when that is due.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from latentfm.models.card import Card, read_card
from latentfm.models.nsynth import NSynth, NSynthFacts
from latentfm.models.playable import Steps
from latentfm.ops.clock import Clock

FOLDER = Path(__file__).parent / "tiny_nsynth"
FACTS = NSynthFacts(
    hop=32,
    bottleneck=4,
    layers=12,
    stages=6,
    width=8,
    skip_width=6,
    encoder_layers=6,
    encoder_stages=3,
    encoder_width=5,
    ahead=8,
)
SEED = 0


def tiny(clock: Clock | None = None) -> NSynth:
    """Return the model."""
    card = read_card(FOLDER / "tiny.json")
    return NSynth(FACTS, Steps(FOLDER / "tiny.tflite", card.sha256), clock)


def weights() -> dict[str, Any]:
    """Return its weights by Magenta's names (needs TensorFlow for nothing but their shapes' module)."""
    from latentfm.training.networks.nsynth_variables import variable_shapes  # noqa: PLC0415
    from nsynth_weights import draw  # noqa: PLC0415

    return draw(variable_shapes(FACTS), SEED)


def write(folder: Path = FOLDER) -> None:
    """Write the playable with today's code; needs TensorFlow."""
    from latentfm.training.networks.cells import Weights  # noqa: PLC0415
    from latentfm.training.networks.nsynth_network import NSynthNetwork  # noqa: PLC0415
    from latentfm.training.playables.nsynth import nsynth_signatures  # noqa: PLC0415
    from latentfm.training.playables.write import write_playable  # noqa: PLC0415

    drawn = weights()
    held = Weights({name: value.shape for name, value in drawn.items()})
    for name, value in drawn.items():
        held[name].assign(value)
    card = Card(
        name="tiny",
        description="For tests: weights at random.",
        config="wavenet",
        metre="any",
        licence="Apache-2.0",
        model=FACTS,
        parameters=0,
        sha256="",
    )
    write_playable(nsynth_signatures(NSynthNetwork(FACTS, held)), held, card, folder)


if __name__ == "__main__":
    write()
