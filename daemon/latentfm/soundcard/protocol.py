"""What the sound-card child tells the station: one JSON object a line. The other way goes nothing but PCM."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from latentfm.errors import OutputError


@dataclass(frozen=True, slots=True)
class Opened:
    """The card is open: what it is called, its sample rate in Hz, and the seconds that it holds itself."""

    device: str
    rate: float
    latency: float


@dataclass(frozen=True, slots=True)
class Report:
    """How it goes, twice a second.

    Attributes:
        fill: seconds of audio in the child, averaged over many bursts.
        ppm: how much faster than nominal the audio is used up, in millionths.
        gaps: how often there was nothing to play, since the child began.
        skips: how often audio was left out, since the child began.
    """

    fill: float
    ppm: float
    gaps: int
    skips: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The child leaves, and why; ``refused`` if trying again helps only once somebody has changed something."""

    reason: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """A device that can play.

    Attributes:
        number: PortAudio's, until something is plugged in or out.
        name: PortAudio's, of which a part is enough to find it.
        system: what it is reached by, such as ALSA.
        channels: how many it has.
        rate: the sample rate that it names as its own, in Hz.
        rates: those that it accepts now, if it was asked; none while it is busy.
        default: whether it is the machine's default.
    """

    number: int
    name: str
    system: str
    channels: int
    rate: int
    rates: tuple[int, ...] = ()
    default: bool = False


Message = Opened | Report | Failed | Device
_KINDS = {kind.__name__.lower(): kind for kind in (Opened, Report, Failed, Device)}


def encode(message: Message) -> bytes:
    """Return a message as one line."""
    return json.dumps({"kind": type(message).__name__.lower(), **asdict(message)}).encode() + b"\n"


def parse(line: bytes) -> Message:
    """Return the message of a line; raise OutputError if it is none."""
    try:
        fields: dict[str, Any] = json.loads(line)
        message: Message = _KINDS[fields.pop("kind")](**fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise OutputError(f"the sound card's process said what nobody understands: {line[:80]!r}") from error
    return message
