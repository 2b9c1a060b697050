"""ICY titles: metadata between stretches of audio, for clients that ask with ``Icy-MetaData: 1``.

After every ``interval`` bytes of audio comes one byte, a length in units of 16, and as much text. A length of 0 says
that nothing has changed.
"""

from __future__ import annotations

INTERVAL = 16_000  # bytes of audio between two pieces of metadata
_UNIT = 16
_LONGEST = 255 * _UNIT
_FRAME = len(b"StreamTitle='';")


class Interleaver:
    """Puts titles into one client's stream."""

    def __init__(self, interval: int = INTERVAL) -> None:
        self._interval = interval
        self._left = interval
        self._sent: str | None = None

    def push(self, audio: bytes, title: str) -> bytes:
        """Return ``audio`` with metadata wherever it is due."""
        parts = []
        while len(audio) >= self._left:
            parts += [audio[: self._left], self._metadata(title)]
            audio = audio[self._left :]
            self._left = self._interval
        self._left -= len(audio)
        return b"".join((*parts, audio))

    def _metadata(self, title: str) -> bytes:
        if title == self._sent:
            return b"\0"
        self._sent = title
        return metadata(title)


def metadata(title: str) -> bytes:
    """Return one piece of metadata with its length; a title that is too long is cut between characters."""
    # A quote and a semicolon would end the title for simple readers; a typographic quote looks the same.
    safe = title.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}").encode()[: _LONGEST - _FRAME]
    text = b"StreamTitle='" + safe.decode(errors="ignore").encode() + b"';"
    units = -(-len(text) // _UNIT)
    return bytes([units]) + text.ljust(units * _UNIT, b"\0")
