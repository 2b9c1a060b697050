"""Rewrite the table of levels that ships: ``python -m latentfm.render.calibrate``.

It measures all programs of the default SoundFont, and those that the playlists that ship play darker, which takes about
a minute.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.progress import track

from latentfm import config
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
    programs = [(0, program, 0.0) for program in range(PROGRAMS)] + [(DRUM_BANK, kit, 0.0) for kit in DRUM_KITS]
    measured = {
        levels.name_of(*program): levels.measure(font, *program)
        for program in track(sorted({*programs, *_darkened()}), description=f"Measuring {font.name}")
    }
    entry = levels.Font(name=font.name, levels=measured)
    levels.write(levels.Table(fonts={soundfonts.checksum(font): entry}), out)


def _darkened() -> set[tuple[int, int, float]]:
    """Return bank, program and filter of the voices of the default font whose filter a playlist closes."""
    settings = config.load_config()
    moods = [config.load_playlist(config.find_playlist(settings, name)) for name in config.playlist_names(settings)]
    voices = [voice for mood in moods for voice in mood.voices if voice.soundfont == soundfonts.DEFAULT]
    return {(voice.bank, voice.program, voice.darker) for voice in voices if voice.darker}


if __name__ == "__main__":
    main()
