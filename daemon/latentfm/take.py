"""A take's description, as it lies in ``take.json`` beside ``take.flac`` and ``take.mid``."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from latentfm.brief import Carry, Key, Value


class Seam(Value):
    """Where a take may be joined to its neighbours, in frames at 48 kHz; windows lie on bars.

    Before ``head`` only pads and tails sound, so another take may still be fading out. ``outs`` are bar lines
    near the end, in rising order, after which drums and bass have left: a crossfade may begin at any of them.
    """

    head: Annotated[int, Field(ge=0)]
    outs: Annotated[tuple[int, ...], Field(min_length=1)]


class TakeInfo(Value):
    """What is known of a take besides its audio."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
    title: str
    playlist: str
    seed: int
    attempt: int
    key: Key
    qpm: float
    frames: Annotated[int, Field(gt=0)]
    lufs: float
    true_peak: float  # dBTP
    max_silence: float  # seconds of silence its mood allows
    seam: Seam
    carry: Carry
    provenance: dict[str, Any]  # seed, latent points, chords, checksums of models and sounds, figures
