"""Encoders: PCM in, whole frames of one format out. A format is one entry of ``FORMATS``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, cast

import lameenc
import numpy as np

from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE, Pcm
from latentfm.errors import OutputError

_FULL_SCALE = 32_767
_QUALITY = 4  # LAME's scale from 0, the best, to 9; above 192 kbit/s nobody has heard the difference to 2
_HEADER = 4  # bytes
_KBITS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)  # MPEG-1 layer III, by bit rate index
_RATES = (44_100, 48_000, 32_000)


class Encoder(Protocol):
    """Turns PCM into bytes of one format, as a stream."""

    def encode(self, pcm: Pcm) -> bytes:
        """Return the frames that became whole; what is not whole yet is kept. A listener may join at any of them."""
        ...


class Mp3Framer:
    """Cuts a stream of MP3 bytes at its frames: LAME hands bytes out as they come."""

    def __init__(self) -> None:
        self._rest = b""

    def push(self, data: bytes) -> bytes:
        """Return the whole frames of what was pushed so far, without those that were returned before.

        Bytes between frames are dropped.
        """
        data = self._rest + data
        whole = bytearray()
        at = 0
        while at + _HEADER <= len(data):
            length = mp3_frame_length(data[at : at + _HEADER])
            if length is None:
                at += 1
                continue
            if at + length > len(data):
                break
            whole += data[at : at + length]
            at += length
        self._rest = data[at:]
        return bytes(whole)


def mp3_frame_length(header: bytes) -> int | None:
    """Return the length in bytes of the MPEG-1 layer III frame that begins with ``header``; None if none does."""
    word = int.from_bytes(header[:_HEADER], "big")
    if word >> 17 != 0x7FFD:  # noqa: PLR2004 - eleven bits of sync, MPEG-1, layer III
        return None
    kbits, rate, padding = word >> 12 & 0xF, word >> 10 & 0x3, word >> 9 & 0x1
    if not 0 < kbits < len(_KBITS) or rate >= len(_RATES):
        return None
    return 144_000 * _KBITS[kbits] // _RATES[rate] + padding


class Mp3Encoder:
    """MP3 at a constant bit rate, by LAME."""

    def __init__(self, kbits: int) -> None:
        """Encode at ``kbits`` kbit/s."""
        self._lame = lameenc.Encoder()
        self._lame.silence()
        self._lame.set_bit_rate(kbits)
        self._lame.set_in_sample_rate(SAMPLE_RATE)
        self._lame.set_out_sample_rate(SAMPLE_RATE)  # at 64 kbit/s LAME would take 24 kHz, and frames of MPEG-2
        self._lame.set_channels(CHANNELS)
        self._lame.set_quality(_QUALITY)
        self._framer = Mp3Framer()

    def encode(self, pcm: Pcm) -> bytes:
        """Return the MP3 frames that became whole."""
        samples = np.rint(np.clip(pcm, -1.0, 1.0) * _FULL_SCALE).astype("<i2")
        return self._framer.push(bytes(cast("bytearray", self._lame.encode(samples.tobytes()))))


@dataclass(frozen=True, slots=True)
class Format:
    """A format that feeds can have."""

    name: str
    content_type: str
    make: Callable[[int], Encoder]  # from kbit/s


FORMATS: Mapping[str, Format] = {"mp3": Format("mp3", "audio/mpeg", Mp3Encoder)}
"""Opus and FLAC get their entries here: an encoder whose ``encode`` returns whole pages."""


def find_format(name: str) -> Format:
    """Return a format by its name; raise OutputError if there is none of that name."""
    try:
        return FORMATS[name]
    except KeyError:
        raise OutputError(f"no format {name!r}; there is: {', '.join(FORMATS)}") from None
