"""Rewrite the table of levels that ships: ``python -m latentfm.render.calibrate``.

It measures all programs of the default SoundFont, which takes about a minute.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.progress import track

from latentfm.render import levels, soundfonts
from latentfm.render.synth import DRUM_BANK

DRUM_KITS = (0, 8, 16, 24, 25, 32, 40, 48)
PROGRAMS = 128


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m latentfm.render.calibrate", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("levels.json"), help="file to write")
    out: Path = parser.parse_args().out
    font = soundfonts.find(soundfonts.DEFAULT)
    programs = [(0, program) for program in range(PROGRAMS)] + [(DRUM_BANK, kit) for kit in DRUM_KITS]
    measured = {
        f"{bank}:{program}": levels.measure(font, bank, program)
        for bank, program in track(programs, description=f"Measuring {font.name}")
    }
    entry = levels.Font(name=font.name, levels=measured)
    levels.write(levels.Table(fonts={soundfonts.checksum(font): entry}), out)


if __name__ == "__main__":
    main()
