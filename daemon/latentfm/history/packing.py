"""A take's document in few bytes: what many takes remember is kept once.

Nine tenths of a ``take.json`` are points of latent space and fingerprints, and each stands in the documents of many
takes. So long lists of numbers and long texts become parts, named by their hashes, and the rest refers to them. A list
of texts, which grows at its end and loses its beginning from take to take, becomes several parts; it is cut after
texts that their own hashes single out, so that its middle is cut alike in every take. What is unpacked is equal to
what was packed.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Iterator
from typing import Any

_NUMBERS, _LETTERS, _TEXTS = 16, 128, 32  # shorter lists and texts stay where they are
_CUT = 16  # one text in so many ends a part
_REFERENCE = "$parts"  # to a value, or to lists that make one
_DIGEST = 12  # bytes: among a million parts two are alike by chance once in 10^17 stations


def pack(document: Any) -> tuple[bytes, dict[str, bytes]]:
    """Return a JSON value as compressed bytes, and the parts it refers to by name."""
    parts: dict[str, bytes] = {}

    def refer(value: Any) -> str:
        text = _text(value)
        name = hashlib.sha256(text).digest()[:_DIGEST].hex()
        parts[name] = zlib.compress(text, 9)
        return name

    def outline(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: outline(item) for key, item in value.items()}
        if (isinstance(value, str) and len(value) >= _LETTERS) or _all(value, float, _NUMBERS):
            return {_REFERENCE: refer(value)}
        if _all(value, str, _TEXTS):
            return {_REFERENCE: [refer(piece) for piece in _pieces(value)]}
        return [outline(item) for item in value] if isinstance(value, list) else value

    return zlib.compress(_text(outline(document)), 9), parts


def unpack(packed: bytes, part: Callable[[str], bytes]) -> Any:
    """Return what was packed; ``part`` returns a part by its name.

    Raises:
        ValueError, zlib.error: it is damaged.
    """

    def read(name: str) -> Any:
        return json.loads(zlib.decompress(part(name)))

    def whole(value: dict[str, Any]) -> Any:
        names = value.get(_REFERENCE)
        if isinstance(names, list):
            return [item for name in names for item in read(name)]
        return value if names is None else read(names)

    return json.loads(zlib.decompress(packed), object_hook=whole)


def _text(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _all(value: Any, kind: type, least: int) -> bool:
    """Return whether a value is a list of at least so many values of one kind."""
    return isinstance(value, list) and len(value) >= least and all(type(item) is kind for item in value)


def _pieces(texts: list[str]) -> Iterator[list[str]]:
    """Yield the pieces of a list of texts."""
    piece: list[str] = []
    for text in texts:
        piece.append(text)
        if zlib.crc32(text.encode()) % _CUT == 0:
            yield piece
            piece = []
    if piece:
        yield piece
