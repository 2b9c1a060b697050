"""What a drum model's strokes are played on: a kit, brushes, or hands on congas, bongos and shakers.

The models know nine classes of drums; which sound of the General MIDI kits a class gets, and how hard it is struck, is
the mood's choice. Each stroke of the model is played at its time, as far as two hands and a foot can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.music.metre import EIGHTH, Metre
from latentfm.music.note import Note
from latentfm.playlist import Percussion

Labels = NDArray[np.int64]
CLASSES: Final = 9
KICK, SNARE, CLOSED, OPEN, LOW_TOM, MID_TOM, HIGH_TOM, CRASH, RIDE = range(CLASSES)
TOMS: Final = (LOW_TOM, MID_TOM, HIGH_TOM)
LIGHT: Final = sum(1 << bit for bit in (CLOSED, RIDE, OPEN))
"""What a groove begins with."""

_HANDS: Final = 2  # of a drummer: of more drums at once the loudest are struck, beside the kick
_HIT_STEPS: Final = 1
_SOFTEST, _LOUDEST = 45, 100


@dataclass(frozen=True)
class Style:
    """General MIDI pitch of each class, and its velocity where the groove is at its fullest."""

    pitches: tuple[int, ...]
    velocities: tuple[int, ...]


# by class: kick, snare, closed and open hi-hat, low, mid and high tom, crash, ride
STYLES: Final[dict[str, Style]] = {
    "kit": Style((36, 38, 42, 46, 45, 48, 50, 49, 51), (84, 80, 62, 66, 76, 76, 76, 82, 64)),
    # soft kick, taps, the pedal of the hi-hat, a swirl, a slap; cymbals only touched
    "brushes": Style((36, 38, 44, 40, 38, 38, 39, 51, 51), (60, 84, 66, 84, 74, 74, 78, 70, 70)),
    # low conga, muted and open high conga, shaker, maracas, low and high bongo, an open triangle, cabasa
    "hands": Style((64, 62, 82, 70, 64, 63, 61, 81, 69), (76, 84, 56, 52, 74, 74, 72, 46, 48)),
}


def bits(labels: Labels) -> NDArray[np.bool_]:
    """Return which drum classes are hit, bool ``[..., 9]``."""
    hit: NDArray[np.bool_] = (labels[..., None] >> np.arange(CLASSES) & 1).astype(bool)
    return hit


def played(
    percussion: Percussion, labels: Labels, start: int, metre: Metre, energy: float, *, light: bool
) -> list[Note]:
    """Return the notes of a row of labels.

    Args:
        percussion: the mood's.
        labels: the strokes of each step.
        start: step of the section at which they begin.
        metre: which says where the accents are.
        energy: how lively the place is, 0 to 1.
        light: only cymbals and shakers play, as where the drums come in.
    """
    style = STYLES[percussion.style]
    softer = 0.8 + 0.2 * energy
    notes: list[Note] = []
    for step, label in enumerate(labels):
        heard = int(label) & LIGHT if light else int(label)
        loud = {
            bit: int(np.clip(style.velocities[bit] * softer + _accent(start + step, metre), _SOFTEST, _LOUDEST))
            for bit in range(CLASSES)
            if heard >> bit & 1
        }
        struck = sorted((bit for bit in loud if bit != KICK), key=lambda bit: (-loud[bit], bit))[:_HANDS]
        at_once: dict[int, int] = {}  # classes may share a sound
        for bit in sorted([KICK, *struck] if KICK in loud else struck):
            at_once[style.pitches[bit]] = max(loud[bit], at_once.get(style.pitches[bit], 0))
        notes += [Note(start + step, _HIT_STEPS, pitch, velocity) for pitch, velocity in at_once.items()]
    return notes


def _accent(step: int, metre: Metre) -> int:
    if metre.is_strong(step):
        return 6
    if metre.is_beat(step):
        return 0
    return -6 if step % EIGHTH == 0 else -12
