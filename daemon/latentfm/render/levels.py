"""How loud each program of each SoundFont is: measured once, kept in a table, and taken back when a voice is mixed.

A program is measured in four registers at one velocity, dry: the integrated loudness of a few short notes, or of a held
one where that is louder (sounds that swell). In between it is interpolated. A program whose filter a playlist closes is
a program of its own. The table that ships (``levels.json``) is written by `make levels`; fonts and programs that it
lacks are measured when they are first asked for, which takes some tenths of a second each.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import numpy as np
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from latentfm.audio import loudness
from latentfm.audio.pcm import seconds_to_frames
from latentfm.render import soundfonts
from latentfm.render.events import Note
from latentfm.render.synth import DRUM_BANK, Synth

log = structlog.get_logger()

VELOCITY: Final = 80
REGISTERS: Final = (33, 48, 62, 79)  # A1, C3, D4, G5: a bass, a pad, a lead, a high one
METHOD: Final = "notes-2"  # how the levels were measured; a table measured otherwise does not count

_CHORD = (-5, 0, 4, 7)  # semitones around the register's middle
_NOTE = 0.55  # seconds
_HELD = 4.0
_STEP = 0.6
_RING = 0.4  # after the last note
# Two bars of a plain beat: pitch and sixteenth.
_BEAT = tuple(
    [(36, step) for step in (0, 8, 10, 16, 24, 26)]
    + [(38, step) for step in (4, 12, 20, 28)]
    + [(42, step) for step in range(0, 32, 2)]
)
_SIXTEENTH = 0.15  # seconds: 100 qpm
_SILENT = -70.0  # LUFS: what is below plays nothing in this register
_FALLBACK = -30.0  # LUFS, for a program that is silent when measured: its voice stays as it is
_DIGITS = 2

Levels = tuple[float | None, ...]  # LUFS by register; one for a drum kit; None where nothing sounds
_Level = Annotated[float, Field(gt=-100, lt=30)]


class Font(BaseModel):
    """The levels of one SoundFont, by ``"bank:program"``, or ``"bank:program:darker"`` where its filter is closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    levels: dict[str, Annotated[tuple[_Level | None, ...], Field(min_length=1, max_length=len(REGISTERS))]]


class Table(BaseModel):
    """Fonts by their SHA-256, and how they were measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: str = METHOD
    velocity: int = VELOCITY
    registers: tuple[int, ...] = REGISTERS
    fonts: dict[str, Font] = Field(default_factory=dict)


class Calibration:
    """The table that ships, and beside it what was measured since.

    Args:
        cache: a JSON file that keeps what is measured here, for instance in the station's state folder. Without one it
            is kept in memory. A cache that can't be read or written costs time and nothing else.
    """

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache
        self._levels: dict[tuple[str, str], Levels] = {}
        self._names: dict[str, str] = {}
        self._measured: set[tuple[str, str]] = set()
        if cache is not None:
            self._add(_read(cache))
            self._measured.update(self._levels)
        self._add(shipped())

    def level(self, font: Path, bank: int, program: int, pitch: float, darker: float = 0.0) -> float:
        """Return the loudness in LUFS of a program around ``pitch``, at ``VELOCITY`` and a synth's gain of 0 dB.

        ``darker`` is how many octaves its filter is closed.

        Raises:
            SoundFontError: the font is none, or has no such program.
        """
        key = (soundfonts.checksum(font), name_of(bank, program, darker))
        if key not in self._levels:
            self._levels[key] = measure(font, bank, program, darker)
            self._names[key[0]] = font.name
            self._measured.add(key)
            log.info("program_measured", font=font.name, program=key[1], lufs=self._levels[key])
            self._keep()
        return _at(self._levels[key], pitch)

    def _add(self, table: Table) -> None:
        for checksum, font in table.fonts.items():
            self._names[checksum] = font.name
            self._levels.update({(checksum, program): levels for program, levels in font.levels.items()})

    def _keep(self) -> None:
        if self._cache is None:
            return
        fonts: dict[str, dict[str, Levels]] = {}
        for checksum, program in sorted(self._measured):
            fonts.setdefault(checksum, {})[program] = self._levels[checksum, program]
        named = {checksum: Font(name=self._names[checksum], levels=levels) for checksum, levels in fonts.items()}
        try:
            write(Table(fonts=named), self._cache)
        except OSError as error:
            log.warning("levels_not_kept", path=str(self._cache), reason=str(error))


def shipped() -> Table:
    """Return the table that ships."""
    return Table.model_validate_json(resources.files(__package__).joinpath("levels.json").read_text("utf-8"))


def name_of(bank: int, program: int, darker: float = 0.0) -> str:
    """Return what the table calls a program."""
    return f"{bank}:{program}:{darker:g}" if darker else f"{bank}:{program}"


def measure(font: Path, bank: int, program: int, darker: float = 0.0) -> Levels:
    """Measure a program: its loudness in LUFS in each register, or that of a plain beat for a drum kit.

    Raises:
        SoundFontError: the font is none, or has no such program.
    """
    played = _Program(font, bank, program, darker)
    if bank == DRUM_BANK:
        return (_loudness(played, [(pitch, step * _SIXTEENTH) for pitch, step in _BEAT]),)
    return tuple(_register(played, middle) for middle in REGISTERS)


class _Program(NamedTuple):
    font: Path
    bank: int
    program: int
    darker: float


def _register(played: _Program, middle: int) -> float | None:
    """Return the loudness of short notes around a pitch, or that of the pitch held, whichever is louder."""
    short = [(middle + shift, turn * _STEP) for turn, shift in enumerate(_CHORD)]
    heard = [_loudness(played, short), _loudness(played, [(middle, 0.0)], length=_HELD)]
    return max((level for level in heard if level is not None), default=None)


def write(table: Table, path: Path) -> None:
    """Write a table as JSON, a line a program, under another name first.

    Raises:
        OSError: the folder can't be written.
    """
    fonts = []
    for checksum, font in sorted(table.fonts.items()):
        programs = sorted(font.levels.items(), key=lambda item: [float(part) for part in item[0].split(":")])
        lines = ",\n".join(f"    {json.dumps(program)}: {json.dumps(levels)}" for program, levels in programs)
        head = f'  {json.dumps(checksum)}: {{"name": {json.dumps(font.name)}, "levels": {{\n'
        fonts.append(head + lines + "\n  }}")
    head = table.model_dump_json(exclude={"fonts"}).removesuffix("}")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(head + ',"fonts": {\n' + ",\n".join(fonts) + "\n}}\n", encoding="utf-8")
    temporary.replace(path)


def _read(path: Path) -> Table:
    try:
        table = Table.model_validate_json(path.read_text("utf-8"))
    except FileNotFoundError:
        return Table()
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        log.warning("levels_not_read", path=str(path), reason=str(error).splitlines()[0])
        return Table()
    same = (table.method, table.velocity, table.registers) == (METHOD, VELOCITY, REGISTERS)
    return table if same else Table()


def _at(levels: Sequence[float | None], pitch: float) -> float:
    """Interpolate between the registers that sound."""
    sounding = [(middle, level) for middle, level in zip(REGISTERS, levels, strict=False) if level is not None]
    if not sounding:
        return _FALLBACK
    middles, known = zip(*sounding, strict=True)
    return float(np.interp(pitch, middles, known))


def _loudness(played: _Program, notes: Sequence[tuple[int, float]], length: float = _NOTE) -> float | None:
    with Synth() as synth:
        channel = synth.add_channel(played.font, played.bank, played.program, darker=played.darker)
        keys = [
            Note(channel, pitch, VELOCITY, seconds_to_frames(onset), seconds_to_frames(onset + length))
            for pitch, onset in notes
        ]
        pcm = synth.play(keys, seconds_to_frames(max(onset for _, onset in notes) + length + _RING))
    lufs = loudness.integrated(pcm)
    return round(lufs, _DIGITS) if math.isfinite(lufs) and lufs > _SILENT else None
