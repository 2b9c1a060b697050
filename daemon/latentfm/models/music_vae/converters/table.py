"""Which converter a configuration has, and a model that is here."""

from __future__ import annotations

from typing import Any

from latentfm.models.music_vae.configurations import VaeConfiguration
from latentfm.models.music_vae.converters.base import Converter
from latentfm.models.music_vae.converters.drums import DrumsConverter
from latentfm.models.music_vae.converters.melody import MelodyConverter
from latentfm.models.music_vae.converters.trio import TrioConverter
from latentfm.models.music_vae.facts import VaeFacts


def converter_of_model(facts: VaeFacts) -> Converter:
    """Return what reads music for a model that is here and writes what it draws; a melody may have any program."""
    if facts.representation == "trio":
        return TrioConverter(facts.bars, facts.steps_per_bar)
    kind = DrumsConverter if facts.representation == "drums" else MelodyConverter
    return kind(slice_bars=facts.bars, steps_per_bar=facts.steps_per_bar)


def converter_of(configuration: VaeConfiguration, steps_per_bar: int = 16) -> Converter:
    """Return the converter of a configuration.

    Args:
        configuration: one of `CONFIGURATIONS`.
        steps_per_bar: sixteenths in a bar: 16 in 4/4, 12 in 3/4 and 6/8.
    """
    facts = configuration.converter
    if configuration.representation == "trio":
        return TrioConverter(configuration.bars, steps_per_bar, facts.gap_bars, facts.max_bars)
    lengths: dict[str, Any] = {
        "slice_bars": configuration.bars,
        "steps_per_bar": steps_per_bar,
        "max_bars": facts.max_bars,
        "gap_bars": facts.gap_bars,
    }
    if configuration.representation == "drums":
        return DrumsConverter(**lengths)
    return MelodyConverter(**lengths, valid_programs=facts.valid_programs)
