"""What every engine of timbres does, so that the rest does not ask which one it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Mono = NDArray[np.float32]
"""One channel of sound, ``[frames]``, full scale at 1.0, at a rate that goes with it."""

Codes = NDArray[np.float32]


@dataclass(frozen=True)
class Latent:
    """A sound as an engine keeps it. Only latents of one engine, rate and number of channels can be mixed.

    Attributes:
        engine: the name of the engine that it belongs to.
        codes: ``[time, channels]``; a sound that has no time of its own has one row.
        rate: rows a second; 0 where there is no time.
        pitch: that the sound was made from or at, a MIDI number with its fraction.
    """

    engine: str
    codes: Codes
    rate: float
    pitch: float


class Engine(Protocol):
    """Turns sounds into latents, and latents at any pitch into sounds."""

    @property
    def name(self) -> str:
        """Return its name, as options and files say it."""
        ...

    @property
    def sample_rate(self) -> int:
        """Return the rate of the sounds that it takes and gives, in Hz."""
        ...

    @property
    def transposes(self) -> bool:
        """Return whether it plays a latent at any pitch, or only at that of its sound."""
        ...

    def encode(self, audio: Mono, pitch: float) -> Latent:
        """Return the latent of a note.

        Args:
            audio: the note from its very attack on, at `sample_rate`.
            pitch: of the note, a MIDI number with its fraction.

        Raises:
            TimbreError: the engine has no encoder, or can't make anything of this sound.
        """
        ...

    def synthesize(self, latents: Sequence[Latent], pitches: Sequence[float], seed: int = 0) -> list[Mono]:
        """Return a note for each latent, at a pitch for each; all of them are made as one batch where that is faster.

        Args:
            latents: of this engine.
            pitches: MIDI numbers with their fractions.
            seed: of whatever is drawn: the same gives the same samples.

        Raises:
            TimbreError: a latent is another engine's, or a pitch is out of its reach.
        """
        ...
