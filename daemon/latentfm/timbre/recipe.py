"""What an instrument of the library is made of: sounds and their shares; and which one a voice wants at a moment."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from latentfm.music import programs
from latentfm.playlist import Blend, Voice

WHOLE: Final = 20
"""Shares are counted in twentieths: smaller steps are hardly heard, and each takes an instrument of its own."""

STEPS: Final = 4
"""Instruments from one blend of a walk to the next."""

EDITION: Final = 2
"""Of how instruments are made; another one makes other files."""

_HOUR = 3600.0
_MARK = "timbre"


@dataclass(frozen=True)
class Recipe:
    """A mixture.

    Attributes:
        parts: each sound (a General MIDI program's name, or a file) and its share in twentieths, by name.
        engine: what it is made with.
    """

    parts: tuple[tuple[str, int], ...]
    engine: str = "spectral"

    @property
    def name(self) -> str:
        """Return the name of its SoundFont, which says what it is and changes with all that it depends on."""
        text = repr((EDITION, self.engine, self.parts))
        return f"{_MARK}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    @property
    def nearest_program(self) -> int | None:
        """Return the General MIDI program with the largest share; None where all are recordings."""
        shares = sorted(self.parts, key=lambda part: part[1], reverse=True)
        return next((number for sound, _ in shares if (number := programs.number(sound)) is not None), None)

    @property
    def program(self) -> int:
        """Return the number of its SoundFont's preset: that of the General MIDI program that it is nearest to, or 0.

        So what is composed for it, and whatever plays the MIDI file of a take, takes it for one that sounds alike.
        """
        return self.nearest_program or 0

    def distance(self, other: Recipe) -> int:
        """Return by how many twentieths another recipe differs."""
        ours, theirs = dict(self.parts), dict(other.parts)
        return sum(abs(ours.get(sound, 0) - theirs.get(sound, 0)) for sound in {*ours, *theirs})

    def __str__(self) -> str:
        return " + ".join(f"{share / WHOLE:.0%} {sound}" for sound, share in self.parts)


def recipe_at(voice: Voice, moment: float) -> Recipe | None:
    """Return the mixture that a voice wants at a moment, in seconds since 1970; None if it plays a program.

    Several blends are walked through in turn, and back to the first, within the voice's ``blend_hours``.
    """
    if voice.blend is None:
        return None
    blends = voice.blends
    if len(blends) == 1:
        return Recipe(_rounded(_shares(blends[0])))
    place = math.floor(moment / _HOUR / voice.blend_hours * len(blends) * STEPS)
    leg, step = divmod(place % (len(blends) * STEPS), STEPS)
    begin, end = _shares(blends[leg]), _shares(blends[(leg + 1) % len(blends)])
    part = step / STEPS
    sounds = {**begin, **end}
    return Recipe(_rounded({one: (1 - part) * begin.get(one, 0.0) + part * end.get(one, 0.0) for one in sounds}))


def recipes_of(voice: Voice) -> tuple[Recipe, ...]:
    """Return every mixture that a voice will ever want, in the order of its walk."""
    count = len(voice.blends)
    if count == 0:
        return ()
    lasts = voice.blend_hours * _HOUR / (count * STEPS)
    wanted = (recipe_at(voice, (place + 0.5) * lasts) for place in range(count * STEPS if count > 1 else 1))
    return tuple(dict.fromkeys(recipe for recipe in wanted if recipe is not None))


def _shares(blend: Blend) -> dict[str, float]:
    first, second, mix = blend
    return {first: 1.0 - mix, second: mix} if first != second else {first: 1.0}


def _rounded(shares: Mapping[str, float]) -> tuple[tuple[str, int], ...]:
    """Return shares in twentieths that sum to a whole: the largest remainders are rounded up."""
    exact = {sound: share * WHOLE for sound, share in shares.items()}
    whole = {sound: math.floor(share + 1e-9) for sound, share in exact.items()}
    left = WHOLE - sum(whole.values())
    for sound in sorted(exact, key=lambda one: (whole[one] - exact[one], one))[:left]:
        whole[sound] += 1
    return tuple(sorted((sound, share) for sound, share in whole.items() if share))
