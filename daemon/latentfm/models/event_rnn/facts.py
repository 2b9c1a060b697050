"""What the card of an event RNN says to the engine."""

from __future__ import annotations

from typing import Literal

from latentfm.models.playable import Facts, Representation

EncodingName = Literal["one_hot", "lookback", "key_melody", "drums"]


class RnnFacts(Facts):
    """Encoding and sizes of an event RNN."""

    kind: Literal["event_rnn"] = "event_rnn"
    representation: Representation
    encoding: EncodingName
    lookback_distances: tuple[int, ...] = ()
    counter_bits: int = 0
    min_note: int = 48
    max_note: int = 84
    transpose_to_key: int | None = 0
    steps_per_quarter: int = 4
    layer_sizes: tuple[int, ...]
    attn_length: int = 0
