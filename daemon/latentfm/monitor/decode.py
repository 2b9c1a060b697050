"""MP3 to PCM as it comes, with libsndfile, which decodes whole files only.

A frame may use bytes of the frames before it (the bit reservoir), and its transform overlaps with theirs. So each
piece is decoded with some frames ahead of it, whose samples are thrown away: what is left is what decoding the stream
in one go gives, bit for bit.
"""

from __future__ import annotations

import io

import numpy as np
import soundfile as sf

from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE, Pcm
from latentfm.broadcast.encoders import Mp3Framer, mp3_frame_length
from latentfm.errors import MonitorError

_FRAME = 1152  # samples
_AHEAD = 10  # frames: the reservoir's 511 bytes are six at the lowest bit rate
_PIECE = 40  # frames decoded at once: about a second
_LONGEST_NOISE = 65_536  # bytes without a frame after which this is no MP3


class Mp3Decoder:
    """Decodes one stream; a listener may join anywhere."""

    def __init__(self) -> None:
        self._framer = Mp3Framer()
        self._frames: list[bytes] = []  # the first ``_ahead`` of them have been decoded
        self._ahead = 0
        self._pushed = 0  # bytes since the last frame

    def push(self, data: bytes) -> Pcm:
        """Return what can be decoded now, float32 ``[frames, 2]`` at 48 kHz; nothing until a second has come.

        Raises:
            MonitorError: this is no MP3, or of another rate than the station's.
        """
        frames = _split(self._framer.push(data))
        self._frames += frames
        self._pushed = 0 if frames else self._pushed + len(data)
        if self._pushed > _LONGEST_NOISE:
            raise MonitorError("what comes is no MP3")
        if len(self._frames) - self._ahead < _PIECE:
            return np.empty((0, CHANNELS), np.float32)
        try:
            pcm, rate = sf.read(io.BytesIO(b"".join(self._frames)), dtype="float32", always_2d=True)
        except sf.LibsndfileError as error:
            raise MonitorError(f"what comes can't be decoded as MP3: {error}") from error
        if rate != SAMPLE_RATE:
            raise MonitorError(f"the stream has {rate} Hz, where the station sends {SAMPLE_RATE}")
        pcm = pcm[self._ahead * _FRAME :]
        self._frames = self._frames[-_AHEAD:]
        self._ahead = len(self._frames)
        return np.ascontiguousarray(np.broadcast_to(pcm, (len(pcm), CHANNELS)))


def _split(data: bytes) -> list[bytes]:
    """Return the frames that bytes consist of."""
    frames = []
    while data and (length := mp3_frame_length(data)):
        frames.append(data[:length])
        data = data[length:]
    return frames
