"""Titles in an ICY stream, taken out of it: the other end of ``web.icy``."""

from __future__ import annotations

import re

_UNIT = 16
_TITLE = re.compile(rb"StreamTitle='(.*?)';", re.DOTALL)


class Splitter:
    """Parts one stream into audio and titles."""

    def __init__(self, interval: int | None) -> None:
        """Expect metadata after every ``interval`` bytes of audio; None where the server sends none."""
        self._interval = interval
        self._audio_left = interval or 0
        self._text_left = -1  # bytes of metadata that are still to come; negative where its length comes next
        self._text = b""

    def push(self, data: bytes) -> tuple[bytes, list[str]]:
        """Return the audio in ``data``, and the titles that came whole with it."""
        if self._interval is None:
            return data, []
        audio, titles = [], []
        while data:
            if self._audio_left:
                audio.append(data[: self._audio_left])
                data = data[self._audio_left :]
                self._audio_left -= len(audio[-1])
                continue
            if self._text_left < 0:
                self._text_left, self._text, data = data[0] * _UNIT, b"", data[1:]
            part = data[: self._text_left]
            self._text, data = self._text + part, data[len(part) :]
            self._text_left -= len(part)
            if not self._text_left:
                titles += [match.decode(errors="replace") for match in _TITLE.findall(self._text)]
                self._audio_left, self._text_left = self._interval, -1
        return b"".join(audio), titles
