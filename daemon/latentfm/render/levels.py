"""How loud each program of each SoundFont is: measured once, kept in a table, and taken back when a voice is mixed.

A program is measured in three registers at one velocity, dry, as the integrated loudness of a few notes. In between it
is interpolated. The table that ships (``levels.json``) is written by ``python -m latentfm.render.calibrate``; fonts and
programs that are not in it are measured when they are first asked for, which takes some tenths of a second each.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from latentfm.audio import loudness
from latentfm.audio.pcm import seconds_to_frames
from latentfm.render import soundfonts
from latentfm.render.synth import DRUM_BANK, Note, Synth

log = structlog.get_logger()

VELOCITY: Final = 80
REGISTERS: Final = (40, 60, 79)  # E2, C4, G5: a bass, a middle part, a lead that is high
METHOD: Final = "notes-1"  # how the levels were measured; a table measured otherwise does not count

_CHORD = (-5, 0, 4, 7)  # semitones around the register's middle
_NOTE = 0.55  # seconds
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
    """The levels of one SoundFont, by ``"bank:program"``."""

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

    def level(self, font: Path, bank: int, program: int, pitch: float) -> float:
        """Return the loudness in LUFS of a program around ``pitch``, at ``VELOCITY`` and a synth's gain of 0 dB.

        Raises:
            SoundFontError: the font is none, or has no such program.
        """
        key = (soundfonts.checksum(font), f"{bank}:{program}")
        if key not in self._levels:
            self._levels[key] = measure(font, bank, program)
            self._names[key[0]] = font.name
            self._measured.add(key)
            log.info("program_measured", font=font.name, bank=bank, program=program, lufs=self._levels[key])
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
            log.warning("levels_not_kept", path=str(self._cache), error=str(error))


def shipped() -> Table:
    """Return the table that ships."""
    return Table.model_validate_json(resources.files(__package__).joinpath("levels.json").read_text("utf-8"))


def measure(font: Path, bank: int, program: int) -> Levels:
    """Measure a program: its loudness in LUFS in each register, or that of a plain beat for a drum kit.

    Raises:
        SoundFontError: the font is none, or has no such program.
    """
    if bank == DRUM_BANK:
        return (_loudness(font, bank, program, [(pitch, step * _SIXTEENTH) for pitch, step in _BEAT]),)
    return tuple(
        _loudness(font, bank, program, [(middle + shift, turn * _STEP) for turn, shift in enumerate(_CHORD)])
        for middle in REGISTERS
    )


def write(table: Table, path: Path) -> None:
    """Write a table as JSON, a line a program, under another name first.

    Raises:
        OSError: the folder can't be written.
    """
    fonts = []
    for checksum, font in sorted(table.fonts.items()):
        programs = sorted(font.levels.items(), key=lambda item: [int(part) for part in item[0].split(":")])
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
        log.warning("levels_not_read", path=str(path), error=str(error).splitlines()[0])
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


def _loudness(font: Path, bank: int, program: int, notes: Sequence[tuple[int, float]]) -> float | None:
    with Synth() as synth:
        channel = synth.add_channel(font, bank, program)
        played = [
            Note(channel, pitch, VELOCITY, seconds_to_frames(onset), seconds_to_frames(onset + _NOTE))
            for pitch, onset in notes
        ]
        pcm = synth.play(played, seconds_to_frames(max(onset for _, onset in notes) + _NOTE + _RING))
    lufs = loudness.integrated(pcm)
    return round(lufs, _DIGITS) if math.isfinite(lufs) and lufs > _SILENT else None
