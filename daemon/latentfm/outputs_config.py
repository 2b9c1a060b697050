"""The tables of ``[[outputs]]``: where the music goes besides the built-in stream, told apart by ``type``."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator

from latentfm.table import Digits, FilePath, Table

Bitrate = Annotated[Literal[64, 96, 128, 160, 192, 224, 256, 320], Digits]


class IcecastOutput(Table):
    """A mount of an Icecast server that the station sends to."""

    type: Literal["icecast"]
    url: str
    user: Annotated[str, Field(pattern=r"^[^:\s]+$")] = "source"
    password_file: FilePath
    format: Literal["mp3"] = "mp3"
    bitrate: Bitrate = 192  # kbit/s
    public: bool = False
    name: str | None = None  # the station's, unless set
    description: str = ""
    genre: str = ""
    liquidsoap: FilePath | None = None  # the command socket, where the url is one of a Liquidsoap's

    @field_validator("url")
    @classmethod
    def _mount(cls, url: str) -> str:
        form = "expected a mount's address such as 'http://host:8000/latentfm.mp3'"
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ValueError(f"{form}: {error}") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
            raise ValueError(form)
        if parts.path in {"", "/"} or parts.query or parts.fragment or re.search(r"[\s\x00-\x1f]", url):
            raise ValueError(f"{form}, with a path and no more")
        if parts.username is not None or parts.password is not None:
            raise ValueError(f"{form}; name and password go to user and password_file")
        return url


def _text(value: object) -> object:
    """Turn the number of a device, as `latentfm devices` shows it, into text."""
    return str(value) if type(value) is int else value


class SoundcardOutput(Table):
    """A sound card of this machine, or what passes for one, that the station plays on."""

    type: Literal["soundcard"]
    device: Annotated[str, Field(min_length=1), BeforeValidator(_text)] = "default"  # a number, or part of the name
    channels: Annotated[tuple[Annotated[int, Field(ge=1, le=64)], ...], Field(min_length=1, max_length=2)] = (1, 2)
    latency: Annotated[float, Field(ge=0.6, le=10)] = 1.0  # seconds from the runway to the speaker

    @field_validator("channels")
    @classmethod
    def _two_of_them(cls, channels: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(channels)) < len(channels):
            raise ValueError("expected two channels, or one for both sides")
        return channels


Output = Annotated[IcecastOutput | SoundcardOutput, Field(discriminator="type")]
