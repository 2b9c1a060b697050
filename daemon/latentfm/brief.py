"""What the studio is asked to make, and what one section hands on to the next.

Both are plain values that travel over a pipe and lie in ``take.json`` as JSON, so they are validated when
they are read back. A brief carries everything that its take depends on.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from latentfm.playlist import MetreName, Mode, Playlist, Role

PitchClass = Annotated[int, Field(ge=0, le=11)]
LatentPoint = tuple[float, ...]


class Value(BaseModel):
    """A frozen value with no keys besides those named."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Key(Value):
    """A tonic (0 is C) and a mode."""

    tonic: PitchClass
    mode: Mode


class TailNote(Value):
    """A note of the last two bars: onset and length in sixteenths from the start of those bars."""

    onset: Annotated[float, Field(ge=0)]
    length: Annotated[float, Field(gt=0)]
    pitch: Annotated[int, Field(ge=0, le=127)]
    velocity: Annotated[int, Field(ge=1, le=127)]


class Idea(Value):
    """A motif that was heard, as it is remembered to come back: what it was, and how it sounded then."""

    latent: LatentPoint  # where the walk was
    space: str = ""  # SHA-256 of the model whose latent space that is
    tune: Annotated[str, Field(pattern=r"^\d+( \d+[+-]\d+)*$")]  # onsets and intervals: ``music.melody.fingerprint``
    steps: Annotated[int, Field(ge=1, le=128)]  # of the model, that it lasts
    metre: MetreName = "4/4"  # that it was heard in
    stretch: Annotated[int, Field(ge=1, le=4)]  # how slowly it was read: steps of the section in one of the model
    pitch: float  # mean MIDI pitch of its notes
    mode: Mode
    section: Annotated[int, Field(ge=0)]  # that it was heard in, the station's first is 0
    title: str  # of that section


class Carry(Value):
    """What a later brief needs from an earlier section; it lies in the take and comes back as a value."""

    section: Annotated[int, Field(ge=0)]  # how many sections came before the next one
    key: Key
    qpm: float
    latent: LatentPoint  # where the walk of the lead ended; empty where the next one begins anew
    drums_latent: LatentPoint | None = None
    motifs: tuple[Idea, ...] = ()  # older motifs to come back to, the latest last
    tails: dict[Role, tuple[TailNote, ...]] = Field(default_factory=dict)
    fingerprints: tuple[str, ...] = ()  # motifs heard within the hour or so, the latest last
    titles: tuple[str, ...] = ()  # of the sections before, the latest last: none is given twice


class Brief(Value):
    """One order to the studio."""

    seed: Annotated[int, Field(ge=0)]
    attempt: Annotated[int, Field(ge=0)] = 0  # 0 twice the same, then a derived seed each
    playlist: Playlist
    seconds: tuple[float, float] | None = None  # shortest and longest wanted, in place of the playlist's
    loudness: Annotated[float, Field(ge=-40, le=-6)] = -16.0  # LUFS of the station, before the playlist's offset
    carry: Carry | None = None
    models: dict[str, str] = Field(default_factory=dict)  # name of a playable -> its sha256
    sounds: dict[str, str] = Field(default_factory=dict)  # name of a SoundFont -> its sha256
    anchors: dict[str, str] = Field(default_factory=dict)  # path of an anchor -> its sha256
    heard: tuple[str, ...] = ()  # fingerprints of the audio of the last takes, which the gate lets no repeat pass of
