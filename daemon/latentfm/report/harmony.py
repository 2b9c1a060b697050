"""Chords as a reader of scores writes them: degree and function beside the symbol."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from latentfm.brief import Key
from latentfm.music.chords import note_name
from latentfm.music.progressions import functions_of
from latentfm.music.scales import OCTAVE, harmonic_key, pitch_classes

_SYMBOL: Final = re.compile(r"^([A-G][#b]?)(.*)$")
_DEGREES: Final = ("I", "♭II", "II", "♭III", "III", "IV", "♯IV", "V", "♭VI", "VI", "♭VII", "VII")
_MINOR: Final = ("m", "dim")
_CLASSES: Final = {note_name(pitch, flats=flats): pitch for pitch in range(OCTAVE) for flats in (False, True)}
FUNCTIONS: Final = {"T": "tonic", "S": "subdominant", "D": "dominant"}


@dataclass(frozen=True)
class Reading:
    """A chord and what it is in its key: ``bar`` and ``bars`` say where, ``function`` is such as "T" or "SD"."""

    bar: int
    bars: int
    symbol: str
    roman: str
    function: str


def roman(symbol: str, key: Key) -> str:
    """Return the degree that a chord symbol stands on, small letters for minor: "Am7" is "ii" in G major."""
    root, rest = _parts(symbol)
    numeral = _DEGREES[(root - key.tonic) % OCTAVE]
    minor = next((kind for kind in _MINOR if rest.startswith(kind)), "")
    if not minor:
        return numeral
    return numeral.lower() + ("°" if minor == "dim" else "")


def function(symbol: str, key: Key) -> str:
    """Return the functions that a chord serves in its key, empty for one that the mode does not have."""
    root, _ = _parts(symbol)
    scale = pitch_classes(harmonic_key(key))
    return functions_of(key, scale.index(root)) if root in scale else ""


def readings(symbols: list[str], key: Key) -> list[Reading]:
    """Return the chords of a section, one symbol a bar, those that go on over bars as one."""
    found: list[Reading] = []
    for bar, symbol in enumerate(symbols):
        if found and found[-1].symbol == symbol:
            last = found.pop()
            found.append(Reading(last.bar, last.bars + 1, symbol, last.roman, last.function))
        else:
            found.append(Reading(bar, 1, symbol, roman(symbol, key), function(symbol, key)))
    return found


def _parts(symbol: str) -> tuple[int, str]:
    match = _SYMBOL.match(symbol)
    if match is None:
        raise ValueError(f"not a chord symbol: {symbol!r}")
    return _CLASSES[match[1]], match[2]
