"""How loud each note is: phrases for the lead, four bars at a time for the others, and how the pad swells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from latentfm.compose.arrange import Layers
from latentfm.music import humanise, metre
from latentfm.music.metre import Metre
from latentfm.music.note import Note
from latentfm.playlist import Playlist, Role

_BASE: Final[dict[Role, tuple[int, int]]] = {  # velocity at the section's quietest, and what its climax adds
    "lead": (60, 14),
    "counter": (62, 10),
    "pad": (66, 6),
    "bass": (64, 12),
    "colour": (56, 10),
}
_GIVING_WAY: Final = 2  # chords in which the pad gives way to the others at the body's start, and back at its end
_STAYS: Final = 0.4  # share of that by which it stays forward where the section is quietest
_RISE: Final = 1.5  # dB that the climax adds
_SWELL_STEPS: Final = 2  # steps of the grid between two points of a swell
_GROUP_BARS: Final = 4
_LEAD_DEPTH: Final = 16
_DEPTH: Final = 6


def voiced(
    voices: Mapping[Role, Sequence[Note]],
    units: Sequence[Sequence[Note]],
    layers: Layers,
    beats: Metre,
    rng: np.random.Generator,
) -> dict[Role, tuple[Note, ...]]:
    """Give each voice its velocities; the drums have theirs.

    Args:
        voices: notes of each role.
        units: the lead's notes again, in phrases.
        layers: where the section is how lively, and where its body lies.
        beats: the metre, which says where bars and accents are.
        rng: where small unevenness comes from.
    """
    loud: dict[Role, tuple[Note, ...]] = {}
    for role in sorted(voices):
        if role == "drums":
            loud[role] = tuple(voices[role])
            continue
        phrases = [list(unit) for unit in units] if role == "lead" else _groups(voices[role], layers, beats)
        depth = _LEAD_DEPTH if role == "lead" else _DEPTH
        loud[role] = tuple(
            note
            for phrase in phrases
            for note in humanise.phrased(phrase, _base(role, phrase, layers, beats), beats, rng, depth=depth)
        )
    return loud


def _groups(line: Sequence[Note], layers: Layers, beats: Metre) -> list[list[Note]]:
    """Sort notes into four bars each, and apart at the ends of the body."""
    groups: dict[tuple[bool, int], list[Note]] = {}
    for note in sorted(line):
        bar = beats.bar(note.onset)
        groups.setdefault((layers.alone(bar), (bar - layers.body[0]) // _GROUP_BARS), []).append(note)
    return list(groups.values())


def _base(role: Role, phrase: Sequence[Note], layers: Layers, beats: Metre) -> int:
    quiet, swell = _BASE[role]
    if not phrase:
        return quiet
    bar = min(beats.bar(phrase[0].onset), len(layers.energy) - 1)
    return round(quiet + swell * layers.energy[bar])


def swells(playlist: Playlist, layers: Layers) -> dict[Role, tuple[tuple[int, float], ...]]:
    """Return how the pad's level moves through a section, as steps of the grid and dB around the playlist's level.

    It comes forward where it carries the seam alone, so that the seam is no hole, gives way as the others get livelier,
    rises a little towards the climax, and breathes with each chord.
    """
    voice = playlist.voice("pad")
    if voice is None:
        return {}
    bar_steps = metre.of(playlist).steps_per_bar
    steps = np.arange(0, len(layers.energy) * bar_steps, _SWELL_STEPS)
    bars = steps / bar_steps
    first, after = layers.body
    way = _GIVING_WAY * playlist.harmony.bars_per_chord
    alone = np.interp(bars, [first, first + way, after - way, after], [1.0, 0.0, 0.0, 1.0])
    energy = np.interp(bars, np.arange(len(layers.energy)) + 0.5, layers.energy)
    breath = -0.5 * np.cos(2.0 * np.pi * (bars - first) / playlist.harmony.bars_per_chord)
    forward = np.maximum(alone, _STAYS * (1.0 - energy))
    level = voice.alone * forward + (_RISE * energy + voice.swell * breath) * (1.0 - alone)
    return {"pad": tuple((int(step), float(value)) for step, value in zip(steps, level, strict=True))}
