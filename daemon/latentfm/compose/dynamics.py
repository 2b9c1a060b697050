"""How loud each note is: phrases for the lead, four bars at a time for the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from latentfm.compose.arrange import Layers
from latentfm.music import humanise
from latentfm.music.note import STEPS_PER_BAR, Note
from latentfm.playlist import Role

_BASE: Final[dict[Role, tuple[int, int]]] = {  # velocity at the section's quietest, and what its climax adds
    "lead": (60, 14),
    "counter": (56, 10),
    "pad": (58, 8),
    "bass": (62, 14),
    "colour": (48, 8),
}
_ALONE: Final = 80  # of a pad that carries the seam alone, so that the seam is no hole
_GROUP_BARS: Final = 4
_LEAD_DEPTH: Final = 16
_DEPTH: Final = 6


def voiced(
    voices: Mapping[Role, Sequence[Note]], units: Sequence[Sequence[Note]], layers: Layers, rng: np.random.Generator
) -> dict[Role, tuple[Note, ...]]:
    """Give each voice its velocities; the drums have theirs.

    Args:
        voices: notes of each role.
        units: the lead's notes again, in phrases.
        layers: where the section is how lively, and where its body lies.
        rng: where small unevenness comes from.
    """
    loud: dict[Role, tuple[Note, ...]] = {}
    for role in sorted(voices):
        if role == "drums":
            loud[role] = tuple(voices[role])
            continue
        phrases = [list(unit) for unit in units] if role == "lead" else _groups(voices[role], layers)
        depth = _LEAD_DEPTH if role == "lead" else _DEPTH
        loud[role] = tuple(
            note
            for phrase in phrases
            for note in humanise.phrased(phrase, _base(role, phrase, layers), rng, depth=depth)
        )
    return loud


def _groups(line: Sequence[Note], layers: Layers) -> list[list[Note]]:
    """Sort notes into four bars each, and apart at the ends of the body."""
    groups: dict[tuple[bool, int], list[Note]] = {}
    for note in sorted(line):
        bar = note.onset // STEPS_PER_BAR
        groups.setdefault((layers.alone(bar), (bar - layers.body[0]) // _GROUP_BARS), []).append(note)
    return list(groups.values())


def _base(role: Role, phrase: Sequence[Note], layers: Layers) -> int:
    quiet, swell = _BASE[role]
    if not phrase:
        return quiet
    bar = min(phrase[0].onset // STEPS_PER_BAR, len(layers.energy) - 1)
    return _ALONE if role == "pad" and layers.alone(bar) else round(quiet + swell * layers.energy[bar])
