"""What the card of a MusicVAE says to the engine."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from latentfm.models.playable import Facts

VaeRepresentation = Literal["melody", "drums", "trio"]


class VaeFacts(Facts):
    """What a MusicVAE's windows are, and the sizes of its network.

    A trio draws three labels at each step, of melody, bass and drums. Level lengths are those of a hierarchical
    encoder or decoder, in the order in which Magenta lists them (encoders the steps first, decoders the bars);
    a flat one has none.
    """

    kind: Literal["music_vae"] = "music_vae"
    representation: VaeRepresentation
    steps: int
    bars: int = 2
    steps_per_quarter: int = 4
    z_size: int
    input_depth: int
    output_depths: tuple[int, ...]
    split: bool = False  # whether each output has a decoder of its own
    encoder_sizes: tuple[int, ...]
    encoder_levels: tuple[int, ...] = ()
    state_sizes: tuple[int, ...]  # the decoder's layers; a conductor's have the same sizes
    decoder_levels: tuple[int, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _of_the_first_edition(cls, table: Any) -> Any:
        """Read the cards of the first edition, whose models had one output and one layer in the encoder."""
        if not isinstance(table, dict):
            return table
        renamed = dict(table)
        for old, new in (("output_depth", "output_depths"), ("encoder_size", "encoder_sizes")):
            if old in renamed:
                renamed[new] = (renamed.pop(old),)
        return renamed

    @property
    def output_depth(self) -> int:
        """Depth of the decoder's output, all parts together."""
        return sum(self.output_depths)

    @property
    def roll_input(self) -> bool:
        """Whether the encoder reads drums as nine bits and one for silence, and not one-hot."""
        return self.input_depth != self.output_depth

    @property
    def steps_per_bar(self) -> int:
        """Sixteenths in a bar."""
        return self.steps // self.bars
