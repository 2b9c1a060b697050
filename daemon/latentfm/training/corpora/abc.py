"""Read the melody of an ABC tune as bars on the sixteenth grid.

note-seq's own ABC parser drops every tune with a tuplet, a rest or a variant ending and does not say where
the bars are; examples must start on bar lines. This reader keeps what a lead sheet needs (pitches, lengths,
ties, rests, bars, chord symbols) and leaves the rest: grace notes, slurs, ornaments, fingerings, text. Triplets
are laid on the sixteenth grid as players of reels and hornpipes round them (two short notes, then the long one).

Source: the ABC standard 2.1 (abcnotation.com/wiki/abc:standard:v2.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from latentfm.errors import TrainingError

STEPS_PER_WHOLE = 16
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHARPS, _FLATS = "FCGDAEB", "BEADGCF"
_MAJOR_SHARPS = {"C": 0, "G": 1, "D": 2, "A": 3, "E": 4, "B": 5, "F#": 6, "C#": 7}
_MAJOR_SHARPS |= {"F": -1, "Bb": -2, "Eb": -3, "Ab": -4, "Db": -5, "Gb": -6, "Cb": -7}
_MODE_SHARPS = {
    "": 0,
    "maj": 0,
    "ion": 0,
    "mix": -1,
    "dor": -2,
    "m": -3,
    "min": -3,
    "aeo": -3,
    "phr": -4,
    "lyd": 1,
    "loc": -5,
}
_KEY = re.compile(r"^\s*([A-G])([#b]?)\s*([A-Za-z]*)")
_QUOTED = re.compile(r'"([^"]*)"')
_SYMBOL = re.compile(r"(?:[A-G][#b]?(?:maj|min|m|M|dim|aug|sus|add|[-+^0-9#b()oø])*(?:/[A-G][#b]?)?|N\.?C\.?)$")
_IGNORED = re.compile(r"\{[^}]*\}|![^!\s]*!|\+[a-z]+\+|`|~|\\$|%.*$")
_TOKEN = re.compile(
    r"(?P<inline>\[(?P<field>[KLM]):(?P<value>[^\]]*)\])"
    r'|"(?P<symbol>[^"]*)"'
    r"|(?P<ending>(?:\[|(?<=\|)\s*)[1-9][0-9,\-]*)"
    r"|(?P<bar>:*\|+\]?:*|:{2,}|\[\||\|\])"
    r"|(?P<tuplet>\((?P<p>[2-9])(?::(?P<q>[0-9]?))?(?::(?P<r>[0-9]?))?)"
    r"|(?P<chord>\[(?=[_=^]*[A-Ga-g]))|(?P<chord_end>\](?P<chord_length>[0-9/]*))"
    r"|(?P<note>(?P<accidental>[_=^]*)(?P<letter>[A-Ga-g])(?P<octave>[',]*)(?P<length>[0-9]*/*[0-9]*))"
    r"|(?P<rest>[zx](?P<rest_length>[0-9]*/*[0-9]*))"
    r"|(?P<broken><+|>+)|(?P<tie>-)|(?P<other>.)"
)


@dataclass(frozen=True)
class Note:
    """A note within its bar: onset and length in whole notes, and its MIDI pitch."""

    onset: Fraction
    length: Fraction
    pitch: int


@dataclass(frozen=True)
class Symbol:
    """A chord symbol as it is written over a bar, such as "F#m7" or "C/E", and its place in whole notes."""

    onset: Fraction
    figure: str


@dataclass(frozen=True)
class Bar:
    """A bar: its notes in order, its length in whole notes, whether it follows on the bar before it, and its chords."""

    notes: tuple[Note, ...]
    length: Fraction
    metre: str
    follows: bool
    chords: tuple[Symbol, ...] = ()


@dataclass(frozen=True)
class Tune:
    """A tune: its title, where it is from, and its bars."""

    title: str
    source: str
    bars: tuple[Bar, ...]


def read_tunes(text: str, source: str) -> tuple[list[Tune], list[str]]:
    """Read every tune of an ABC file.

    Args:
        text: the whole file.
        source: its name, for messages and for splitting by tune.

    Returns:
        The tunes, and one line for each tune that could not be read.
    """
    tunes, faults = [], []
    blocks = re.split(r"(?m)^(?=X:)", text)
    for block in blocks:
        if not block.startswith("X:"):
            continue
        number = block[2:].split("\n", 1)[0].strip()
        try:
            tunes.append(_Reader(f"{source}#{number}").read(block))
        except (TrainingError, KeyError, ValueError, ZeroDivisionError) as fault:
            faults.append(f"{source}#{number}: {fault}")
    return tunes, faults


def _length(text: str) -> Fraction:
    """Turn an ABC length ("3", "/", "3/2", "//") into a multiple of the unit length."""
    if not text:
        return Fraction(1)
    head, slashes, tail = re.fullmatch(r"([0-9]*)(/*)([0-9]*)", text).groups()  # type: ignore[union-attr]
    value = Fraction(int(head or 1))
    if slashes:
        value /= int(tail) if tail else 2 ** len(slashes)
    return value


def _signature(key: str) -> dict[str, int]:
    """Return the accidental of each letter that a key signature alters."""
    match = _KEY.match(key)
    if match is None:
        return {}
    letter, accidental, mode = match.groups()
    sharps = _MAJOR_SHARPS[letter + accidental] + _MODE_SHARPS.get(mode.lower()[:3] if mode != "m" else "m", 0)
    if sharps >= 0:
        return dict.fromkeys(_SHARPS[:sharps], 1)
    return dict.fromkeys(_FLATS[:-sharps], -1)


def _metre(text: str) -> str:
    text = text.strip().split()[0] if text.strip() else ""
    return {"C": "4/4", "C|": "4/4", "2/2": "4/4"}.get(text, text)


class _Reader:
    """The state of reading one tune; used once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.title = ""
        self.metre = ""
        self.unit: Fraction | None = None
        self.signature: dict[str, int] = {}
        self.bars: list[Bar] = []
        self.notes: list[Note] = []
        self.chords: list[Symbol] = []
        self.clock = Fraction(0)
        self.altered: dict[tuple[str, str], int] = {}
        self.follows = False
        self.tied: int | None = None
        self.tuplet: list[Fraction] = []
        self.in_chord = False
        self.chord_notes = 0

    def read(self, block: str) -> Tune:
        for raw in block.splitlines():
            line = raw.strip()
            field = re.match(r"^([A-Za-z]):(.*)$", line)
            if field and not line.startswith("|:"):
                self._field(field[1], field[2].split("%")[0])
            elif line and not line.startswith("%"):
                line = _QUOTED.sub(lambda quoted: quoted[0] if _SYMBOL.match(quoted[1]) else "", line)
                self._music(_IGNORED.sub("", line))
        self._end_bar(breaks=True)
        if not self.bars:
            raise TrainingError("no bars")
        return Tune(self.title, self.name, tuple(self.bars))

    def _field(self, field: str, value: str) -> None:
        match field:
            case "T" if not self.title:
                self.title = value.strip()
            case "M":
                self.metre = _metre(value)
            case "L":
                self.unit = Fraction(value.strip())
            case "K":
                self.signature = _signature(value)
            case "P" | "V":
                self._end_bar(breaks=True)

    def _unit(self) -> Fraction:
        if self.unit is None:
            numerator, denominator = map(int, self.metre.split("/")) if "/" in self.metre else (4, 4)
            self.unit = Fraction(1, 16 if 4 * numerator < 3 * denominator else 8)
        return self.unit

    def _music(self, line: str) -> None:
        for token in _TOKEN.finditer(line):
            match token.lastgroup:
                case _ if token["inline"]:
                    self._field(token["field"], token["value"])
                case _ if token["symbol"]:
                    self._chord(token["symbol"])
                case _ if token["ending"]:
                    self._end_bar(breaks=not token["ending"].strip("[ ").startswith("1"))
                case _ if token["bar"]:
                    self._end_bar(breaks=False)
                case _ if token["tuplet"]:
                    self._begin_tuplet(int(token["p"]))
                case _ if token["chord"] or token["chord_end"]:
                    self.in_chord, self.chord_notes = bool(token["chord"]), 0
                case _ if token["note"]:
                    self._note(token)
                case _ if token["rest"]:
                    self.clock += _length(token["rest_length"]) * self._unit()
                    self.tied = None
                case _ if token["broken"]:
                    self._broken(token["broken"])
                case _ if token["tie"] and self.notes:
                    self.tied = self.notes[-1].pitch

    def _chord(self, figure: str) -> None:
        """Note a chord symbol; of several at one place the first counts."""
        if not self.chords or self.chords[-1].onset != self.clock:
            self.chords.append(Symbol(self.clock, "N.C." if figure.startswith("N") else figure))

    def _begin_tuplet(self, notes: int) -> None:
        if notes == 3:  # noqa: PLR2004 - a triplet: three notes in the time of two
            self.tuplet = [Fraction(1, 2), Fraction(1, 2), Fraction(1)]
        elif notes == 2:  # noqa: PLR2004 - a duplet: two in the time of three
            self.tuplet = [Fraction(3, 2), Fraction(3, 2)]
        else:
            raise TrainingError(f"a tuplet of {notes}")

    def _note(self, token: re.Match[str]) -> None:
        if self.in_chord:
            self.chord_notes += 1
            if self.chord_notes > 1:  # of a double stop the first note is the tune
                return
        pitch = self._pitch(token["accidental"], token["letter"], token["octave"])
        length = _length(token["length"]) * self._unit()
        if self.tuplet:
            length *= self.tuplet.pop(0)
        if self.tied == pitch and self.notes and self.notes[-1].pitch == pitch:
            last = self.notes.pop()
            self.notes.append(Note(last.onset, last.length + length, pitch))
        else:
            self.notes.append(Note(self.clock, length, pitch))
        self.tied = None
        self.clock += length

    def _pitch(self, accidental: str, letter: str, octave: str) -> int:
        name = letter.upper()
        key = (name, octave + letter)
        if accidental:
            self.altered[key] = accidental.count("^") - accidental.count("_")
        shift = self.altered.get(key, self.signature.get(name, 0))
        height = 5 + letter.islower() + octave.count("'") - octave.count(",")
        return _NATURAL[name] + shift + 12 * height

    def _broken(self, mark: str) -> None:
        """Lengthen the note before the mark; the one after it is shortened by the clock that follows."""
        if not self.notes:
            return
        part = Fraction(1, 2 ** len(mark))
        last = self.notes.pop()
        stretch = (2 - part) if mark[0] == ">" else part
        self.notes.append(Note(last.onset, last.length * stretch, last.pitch))
        self.clock = last.onset + last.length * stretch
        self.tuplet = [*self.tuplet, (2 - stretch)] if not self.tuplet else self.tuplet

    def _end_bar(self, *, breaks: bool) -> None:
        if self.clock > 0:
            self.bars.append(Bar(tuple(self.notes), self.clock, self.metre, self.follows, tuple(self.chords)))
            self.follows = True
            self.chords = []  # those of a bar without a note are of the next one
        self.notes, self.clock, self.altered = [], Fraction(0), {}
        self.tied = None
        self.tuplet = []
        if breaks:
            self.follows = False
