"""What the card of a MusicVAE says to the engine."""

from __future__ import annotations

from typing import Literal

from latentfm.models.playable import Facts, Representation


class VaeFacts(Facts):
    """Sizes of a flat MusicVAE."""

    kind: Literal["music_vae"] = "music_vae"
    representation: Representation
    steps: int
    steps_per_quarter: int = 4
    z_size: int
    input_depth: int
    output_depth: int
    encoder_size: int
    state_sizes: tuple[int, ...]
