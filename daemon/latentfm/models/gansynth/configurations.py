"""Magenta's configuration of GANSynth.

Sources: magenta/models/gansynth/configs/mel_prog_hires.py; ``set_flags`` in lib/model.py; lib/datasets.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from latentfm.models.gansynth.facts import GanSynthFacts, Normaliser

_MOST_FILTERS = 256
_FILTERS = 4096  # halved with each block, where they are not limited


@dataclass(frozen=True)
class GanSynthConfiguration:
    """A configuration: what it makes, and the facts of a model that was trained to its end."""

    name: str
    description: str
    facts: GanSynthFacts


_MEL_PROG_HIRES = GanSynthConfiguration(
    "mel_prog_hires",
    "Synthesizes notes of instruments that do not exist.",
    GanSynthFacts(
        filters=tuple(min(_FILTERS >> block, _MOST_FILTERS) for block in range(1, 8)),
        progress=6.0,
        magnitude=Normaliser(scale=(0.0661371661726,), offset=(0.113718730221,)),
        frequency=Normaliser(scale=(0.8,), offset=(0.0,)),
    ),
)
CONFIGURATIONS = MappingProxyType({_MEL_PROG_HIRES.name: _MEL_PROG_HIRES})
