"""Playlists: a mood is one small TOML file, and this is what may stand in it.

Every table has a default, so the smallest playlist is a title and its voices. Pitches may be written as
names ("C4" is MIDI 60) or as numbers. Nothing here reads a file: see ``config.load_playlist``.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_PITCH_NAME = re.compile(r"^([A-Ga-g])([#b]?)(-?\d+)$")

Mode = Literal["major", "mixolydian", "lydian", "dorian", "aeolian", "major_pentatonic", "minor_pentatonic"]
MetreName = Literal["4/4", "3/4", "6/8"]
Role = Literal["lead", "counter", "pad", "bass", "drums", "colour"]


def parse_pitch(value: object) -> object:
    """Turn a pitch name such as ``"F#3"`` into its MIDI number (C4 is 60); leave anything else as it is."""
    if not isinstance(value, str):
        return value
    match = _PITCH_NAME.match(value)
    if match is None:
        raise ValueError("expected a pitch such as 'C4', 'F#3' or a MIDI number from 0 to 127")
    letter, accidental, octave = match.groups()
    shift = {"#": 1, "b": -1, "": 0}[accidental]
    return _SEMITONES[letter.upper()] + shift + 12 * (int(octave) + 1)


Pitch = Annotated[int, Field(ge=0, le=127), BeforeValidator(parse_pitch)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


def _check_range(low: float, high: float, what: str) -> None:
    if low > high:
        raise ValueError(f"{what} must rise: {low} is above {high}")


class Table(BaseModel):
    """A TOML table: frozen, and without keys that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")


_DRUM_BANK = 128


class Tempo(Table):
    """How fast, and in which metre: ``qpm`` is the range of quarter notes a minute that sections move in.

    They are quarters in 6/8 too, where a beat lasts one and a half of them.
    """

    metre: MetreName = "4/4"

    qpm: tuple[Annotated[float, Field(ge=30, le=240)], Annotated[float, Field(ge=30, le=240)]] = (92.0, 108.0)
    swing: Annotated[float, Field(ge=0.5, le=0.7)] = 0.5  # share of a beat's first half, in eighths

    @model_validator(mode="after")
    def _rising(self) -> Self:
        _check_range(*self.qpm, "tempo.qpm")
        if self.metre == "6/8" and self.swing > 0.5:  # noqa: PLR2004 - straight
            raise ValueError("tempo.swing bends halves of a beat; in 6/8 beats have three parts: leave it at 0.5")
        return self


class Harmony(Table):
    """Modes that sections are in, and how many bars a chord lasts."""

    modes: Annotated[tuple[Mode, ...], Field(min_length=1)] = ("major",)
    bars_per_chord: Literal[1, 2] = 1


class Form(Table):
    """Length of a section in seconds, and how fast motifs are read (2: half time, 4: quarter time)."""

    seconds: tuple[Annotated[float, Field(ge=30, le=600)], Annotated[float, Field(ge=30, le=600)]] = (60.0, 150.0)
    motif_stretch: Literal[1, 2, 4] = 1

    @model_validator(mode="after")
    def _rising(self) -> Self:
        _check_range(*self.seconds, "form.seconds")
        return self


class Melody(Table):
    """What the lead is like: notes a bar, and its rests inside phrases."""

    notes_per_bar: tuple[Annotated[float, Field(gt=0, le=16)], Annotated[float, Field(gt=0, le=16)]] = (4.0, 7.0)
    rest_share: tuple[Share, Share] = (0.10, 0.40)
    candidates: Annotated[int, Field(ge=4, le=512)] = 64

    @model_validator(mode="after")
    def _rising(self) -> Self:
        _check_range(*self.notes_per_bar, "melody.notes_per_bar")
        _check_range(*self.rest_share, "melody.rest_share")
        return self


class Models(Table):
    """Names of the models, as ``latentfm models list`` prints them, and how freely they draw.

    Without a ``drums_rnn`` the drums VAE plays the fills as well: the RNN that ships knows 4/4 only. Where a
    ``polyphony`` model is named, it writes pad and bass under the lead. Where a ``trio`` model is named, it writes
    lead, bass and drums, sixteen bars at once, and the models of motifs and grooves rest.
    """

    melody_vae: str = "melody_2bar"
    melody_rnn: str = "attention_rnn"
    drums_vae: str = "drums_2bar"
    drums_rnn: str = "drum_kit"  # or "" for none
    polyphony: str = ""
    trio: str = ""
    vae_temperature: Annotated[float, Field(gt=0, le=2)] = 0.5
    rnn_temperature: Annotated[float, Field(gt=0, le=2)] = 0.9


class Walk(Table):
    """The walk through latent space: points a section, and MIDI files that it visits as anchors."""

    points: Annotated[int, Field(ge=2, le=4)] = 3
    anchors: tuple[str, ...] = ()  # paths relative to the playlist's file
    anchor_every: Annotated[int, Field(ge=1, le=12)] = 2  # sections from one visit to the next


class Percussion(Table):
    """What the drum models' strokes are played on, and how many there are.

    A kit plays them as they are, brushes leave out crashes and toms, hands play them on congas, bongos and shakers.
    """

    style: Literal["kit", "brushes", "hands"] = "kit"
    strokes_per_bar: Annotated[float, Field(ge=1, le=24)] | None = None  # None follows the lead's notes a bar


class Mix(Table):
    """How the mood is mastered and joined: crossfade length, loudness offset, reverb of the room."""

    crossfade_seconds: Annotated[float, Field(ge=2, le=20)] = 8.0
    loudness_offset: Annotated[float, Field(ge=-3, le=0)] = 0.0  # LU below the station's -16 LUFS
    max_silence: Annotated[float, Field(ge=0.1, le=5)] = 0.5  # seconds of silence that the mood allows
    room: Share = 0.4  # size of the reverb's room
    damp: Share = 0.3


Blend = tuple[str, str, Share]
"""Two sounds, each the name of a General MIDI program or a sound file, and where between them: 0 is the first one."""


class Voice(Table):
    """One part of the ensemble: what it plays, where, how loud and from where in the room.

    It plays a program of a SoundFont, or a blend of two sounds, or walks from blend to blend and back to the first
    within ``blend_hours``. Until a blend is made, the nearer of its sounds plays.
    """

    role: Role
    blend: Blend | Annotated[tuple[Blend, ...], Field(min_length=2, max_length=8)] | None = None
    blend_hours: Annotated[float, Field(ge=0.5, le=168)] = 12.0
    program: Annotated[int, Field(ge=0, le=127)] = 0  # General MIDI, counted from 0
    bank: Annotated[int, Field(ge=0, le=128)] = 0  # 128 holds drum kits
    soundfont: str = "default"
    low: Pitch = 48
    high: Pitch = 84
    level: Annotated[float, Field(ge=-40, le=6)] = 0.0  # dB after calibration
    pan: Annotated[float, Field(ge=-1, le=1)] = 0.0
    reverb: Share = 0.2
    chorus: Share = 0.0
    darker: Annotated[float, Field(ge=0, le=6)] = 0.0  # octaves by which a low-pass filter is closed
    swell: Annotated[float, Field(ge=0, le=6)] = 0.0  # dB by which a pad rises and falls with each chord
    alone: Annotated[float, Field(ge=0, le=9)] = 5.0  # dB by which a pad comes forward where it plays alone
    span: Literal["climax", "body"] = "climax"  # how long a counter-line or a colour plays

    @property
    def blends(self) -> tuple[Blend, ...]:
        """Return its blends in order; none where it plays a program."""
        if self.blend is None:
            return ()
        return self.blend if isinstance(self.blend[0], tuple) else (self.blend,)

    @model_validator(mode="after")
    def _blends_what_sounds(self) -> Self:
        if self.blend is not None and (self.role == "drums" or self.bank == _DRUM_BANK):
            raise ValueError("drums play a kit: a blend is for the other voices")
        return self

    @model_validator(mode="after")
    def _rising(self) -> Self:
        _check_range(self.low, self.high, "a voice's low and high")
        if self.role != "drums" and self.high - self.low < 11:  # noqa: PLR2004 - an octave has 12 pitches
            raise ValueError(f"a voice needs an octave of room: {self.low} to {self.high} is less")
        return self


class Titles(Table):
    """Words of the mood's titles; where a list is empty, words that ship take its place."""

    adjectives: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    plurals: tuple[str, ...] = ()


class Playlist(Table):
    """A mood."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    title: str
    tempo: Tempo = Tempo()
    harmony: Harmony = Harmony()
    form: Form = Form()
    melody: Melody = Melody()
    models: Models = Models()
    walk: Walk = Walk()
    percussion: Percussion = Percussion()
    mix: Mix = Mix()
    titles: Titles = Titles()
    voices: Annotated[tuple[Voice, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        roles = [voice.role for voice in self.voices]
        twice = sorted({role for role in roles if roles.count(role) > 1})
        if twice:
            raise ValueError(f"each role may have one voice; more than one has: {', '.join(twice)}")
        missing = [role for role in ("lead", "pad", "bass") if role not in roles]
        if missing:
            raise ValueError(f"an ensemble needs a lead, a pad and a bass; missing: {', '.join(missing)}")
        return self

    @property
    def model_names(self) -> tuple[str, ...]:
        """Names of the models that its sections are made with, each once."""
        models = self.models
        if models.trio:
            return (models.trio,)
        names = [models.melody_vae, models.melody_rnn, *([models.polyphony] if models.polyphony else [])]
        if self.voice("drums") is not None:
            names += [models.drums_vae, *([models.drums_rnn] if models.drums_rnn else [])]
        return tuple(dict.fromkeys(names))

    @property
    def walks_in(self) -> str:
        """Name of the model whose latent space the walk goes through."""
        return self.models.trio or self.models.melody_vae

    def voice(self, role: Role) -> Voice | None:
        """Return the voice of a role, or None where the ensemble has none."""
        return next((voice for voice in self.voices if voice.role == role), None)
