"""What the card of a GANSynth says to the engine."""

from __future__ import annotations

from typing import Literal

from latentfm.models.playable import Facts


class Normaliser(Facts):
    """How a channel of spectrograms was brought into the generator's range: times ``scale``, plus ``offset``.

    One number each, or one for each mel bin.
    """

    scale: tuple[float, ...]
    offset: tuple[float, ...]


class GanSynthFacts(Facts):
    """The sizes of a GANSynth's generator, which pitches it has, and what its spectrograms are of.

    Its blocks have as many filters as ``filters`` says, and each after the first doubles the resolution. Where a
    training was left before its end, the last block's spectrograms are coarser than ``frames`` by ``bins``. At a
    ``progress`` between two whole numbers those of two blocks are mixed; at ``blocks - 1`` the last one's count alone.
    """

    kind: Literal["gansynth"] = "gansynth"
    representation: Literal["timbre"] = "timbre"
    z_size: int = 256
    lowest_pitch: int = 24  # a MIDI number
    pitches: int = 61
    start: tuple[int, int] = (2, 16)  # frames and bins of the first block
    filters: tuple[int, ...]
    resolutions: int = 7  # blocks of a training that has come to its end
    progress: float
    magnitude: Normaliser
    frequency: Normaliser
    sample_rate: int = 16_000
    samples: int = 64_000

    @property
    def blocks(self) -> int:
        """How many blocks the generator has."""
        return len(self.filters)

    @property
    def frames(self) -> int:
        """Frames of a spectrogram."""
        return self.start[0] << (self.resolutions - 1)

    @property
    def bins(self) -> int:
        """Mel bins of a spectrogram, which has as many linear ones."""
        return self.start[1] << (self.resolutions - 1)

    @property
    def highest_pitch(self) -> int:
        """The highest pitch that it knows, a MIDI number."""
        return self.lowest_pitch + self.pitches - 1

    def share(self, block: int) -> float:
        """Return a block's share of the spectrogram; blocks count from 1 here, as in the checkpoint's names.

        Source: ``_generator_alpha`` in magenta/models/gansynth/lib/networks.py.
        """
        return max(0.0, min(self.progress - (block - 2), block - self.progress))
