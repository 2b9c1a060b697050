"""What the card of an event RNN says to the engine."""

from __future__ import annotations

from typing import Literal

from latentfm.models.playable import Facts, Representation

EncodingName = Literal["one_hot", "lookback", "key_melody", "drums", "one_drum", "polyphony"]
ChordEncodingName = Literal["major_minor", "triad", "pitches"]


class EncodingFacts(Facts):
    """How an event RNN's events become inputs and classes."""

    representation: Representation
    encoding: EncodingName
    chords: ChordEncodingName | None = None  # how the chords that it follows are given, None where it follows none
    lookback_distances: tuple[int, ...] = ()
    counter_bits: int = 0
    min_note: int = 48
    max_note: int = 84  # exclusive
    transpose_to_key: int | None = 0
    steps_per_quarter: int = 4


class RnnFacts(EncodingFacts):
    """Encoding and sizes of an event RNN."""

    kind: Literal["event_rnn"] = "event_rnn"
    layer_sizes: tuple[int, ...]
    attn_length: int = 0
