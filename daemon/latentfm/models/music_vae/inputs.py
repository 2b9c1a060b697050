"""Labels become what the networks read.

Source: magenta/models/music_vae/data.py (OneHotMelodyConverter, DrumsConverter with ``roll_input``, TrioConverter).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentfm.models.events import Labels
from latentfm.models.music_vae.facts import VaeFacts


def encoder_inputs(labels: Labels, facts: VaeFacts) -> NDArray[np.bool_]:
    """Return the encoder's inputs, bool ``[..., steps, input_depth]``.

    They are one-hot, a trio's three side by side; drums alone are nine bits and one for silence.

    Args:
        labels: ``[..., steps]``, of a trio ``[..., steps, 3]``.
        facts: of the model.
    """
    if not facts.roll_input:
        return decoder_outputs(labels, facts)
    bits = (labels[..., None] >> np.arange(facts.input_depth - 1)) & 1
    return np.concatenate([bits > 0, labels[..., None] == 0], axis=-1)


def decoder_outputs(labels: Labels, facts: VaeFacts) -> NDArray[np.bool_]:
    """Return labels as the decoder's one-hot outputs, bool ``[..., steps, output_depth]``."""
    parts = labels[..., None] if len(facts.output_depths) == 1 else labels
    hot = [np.eye(depth, dtype=np.bool_)[parts[..., part]] for part, depth in enumerate(facts.output_depths)]
    return np.concatenate(hot, axis=-1)
