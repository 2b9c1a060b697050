"""Magenta's configurations of event RNNs, in one table.

Sources: `default_configs` in magenta/models/melody_rnn/melody_rnn_model.py, drums_rnn/drums_rnn_model.py,
improv_rnn/improv_rnn_model.py and polyphony_rnn/polyphony_model.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from latentfm.models.event_rnn.facts import EncodingFacts, RnnFacts

Family = Literal["melody_rnn", "drums_rnn", "improv_rnn", "polyphony_rnn"]


@dataclass(frozen=True)
class Hyperparameters:
    """What Magenta trains a configuration with, under Magenta's names."""

    rnn_layer_sizes: tuple[int, ...] = (128, 128)
    attn_length: int = 0
    batch_size: int = 128
    dropout_keep_prob: float = 0.5
    clip_norm: float = 5
    learning_rate: float = 0.001


@dataclass(frozen=True)
class RnnConfiguration:
    """A configuration: what its events are, and how Magenta trains it."""

    name: str  # Magenta's, which a bundle carries as its generator's id
    family: Family
    description: str
    encoding: EncodingFacts
    hyperparameters: Hyperparameters

    def facts(self, layer_sizes: tuple[int, ...], attn_length: int) -> RnnFacts:
        """Return the facts of a model of this configuration with the sizes that its checkpoint has."""
        return RnnFacts(**self.encoding.model_dump(), layer_sizes=layer_sizes, attn_length=attn_length)


_ALL = (
    RnnConfiguration(
        name="basic_rnn",
        family="melody_rnn",
        description="Continues melodies; sees the last event.",
        encoding=EncodingFacts(representation="melody", encoding="one_hot"),
        hyperparameters=Hyperparameters(),
    ),
    RnnConfiguration(
        name="mono_rnn",
        family="melody_rnn",
        description="Continues melodies over all of MIDI's pitches, in any key; sees the last event.",
        encoding=EncodingFacts(
            representation="melody", encoding="one_hot", min_note=0, max_note=128, transpose_to_key=None
        ),
        hyperparameters=Hyperparameters(),
    ),
    RnnConfiguration(
        name="lookback_rnn",
        family="melody_rnn",
        description="Continues melodies; sees what came one and two bars before, and can ask to repeat it.",
        encoding=EncodingFacts(
            representation="melody", encoding="lookback", lookback_distances=(16, 32), counter_bits=5
        ),
        hyperparameters=Hyperparameters(),
    ),
    RnnConfiguration(
        name="attention_rnn",
        family="melody_rnn",
        description="Continues melodies; sees key, contour and repeats, and attends to the last 40 steps.",
        encoding=EncodingFacts(representation="melody", encoding="key_melody"),
        hyperparameters=Hyperparameters(attn_length=40, clip_norm=3),
    ),
    RnnConfiguration(
        name="one_drum",
        family="drums_rnn",
        description="Continues a rhythm of one drum, in eighths.",
        encoding=EncodingFacts(representation="drums", encoding="one_drum", steps_per_quarter=2),
        hyperparameters=Hyperparameters(),
    ),
    RnnConfiguration(
        name="drum_kit",
        family="drums_rnn",
        description="Continues drums of nine classes; counts steps, and attends to the last 32.",
        encoding=EncodingFacts(representation="drums", encoding="drums", counter_bits=6),
        hyperparameters=Hyperparameters(rnn_layer_sizes=(256, 256, 256), attn_length=32, clip_norm=3),
    ),
    RnnConfiguration(
        name="basic_improv",
        family="improv_rnn",
        description="Plays a melody to chords given as triads.",
        encoding=EncodingFacts(representation="melody", encoding="one_hot", chords="triad", transpose_to_key=None),
        hyperparameters=Hyperparameters(rnn_layer_sizes=(64, 64)),
    ),
    RnnConfiguration(
        name="attention_improv",
        family="improv_rnn",
        description="Plays a melody to chords given as triads; sees key and repeats, attends to the last 40 steps.",
        encoding=EncodingFacts(representation="melody", encoding="key_melody", chords="triad", transpose_to_key=None),
        hyperparameters=Hyperparameters(rnn_layer_sizes=(128, 128, 128), attn_length=40, clip_norm=3),
    ),
    RnnConfiguration(
        name="chord_pitches_improv",
        family="improv_rnn",
        description="Plays a melody to chords given by root, pitches and bass.",
        encoding=EncodingFacts(representation="melody", encoding="one_hot", chords="pitches", transpose_to_key=None),
        hyperparameters=Hyperparameters(rnn_layer_sizes=(256, 256, 256), clip_norm=3),
    ),
    RnnConfiguration(
        name="polyphony",
        family="polyphony_rnn",
        description="Plays several voices at once, such as chorales.",
        encoding=EncodingFacts(representation="polyphony", encoding="polyphony", transpose_to_key=None),
        hyperparameters=Hyperparameters(rnn_layer_sizes=(256, 256, 256), batch_size=64),
    ),
)

CONFIGURATIONS: Mapping[str, RnnConfiguration] = MappingProxyType(
    {configuration.name: configuration for configuration in _ALL}
)
