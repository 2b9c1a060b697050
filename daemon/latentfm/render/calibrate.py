"""Rewrite the table of levels that ships: ``python -m latentfm.render.calibrate``.

It measures all programs of the default SoundFont, those that the playlists that ship play darker, and the instruments
that ship, which takes about two minutes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.progress import track

from latentfm import config
from latentfm.playlist import Playlist
from latentfm.render import levels, soundfonts
from latentfm.render.synth import DRUM_BANK

DRUM_KITS = (0, 8, 16, 24, 25, 32, 40, 48)
PROGRAMS = 128


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(prog="python -m latentfm.render.calibrate", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("levels.json"), help="file to write")
    out: Path = parser.parse_args().out
    voices = [voice for mood in _moods() for voice in mood.voices]
    programs = {(0, program, 0.0) for program in range(PROGRAMS)} | {(DRUM_BANK, kit, 0.0) for kit in DRUM_KITS}
    programs |= {(voice.bank, voice.program, voice.darker) for voice in voices if voice.soundfont == soundfonts.DEFAULT}
    blended = {(0, 0, voice.darker) for voice in voices if voice.blend is not None} | {(0, 0, 0.0)}
    fonts = {soundfonts.find(soundfonts.DEFAULT): programs}
    fonts |= dict.fromkeys(sorted(soundfonts.SHIPPED.glob("*.sf2")), blended)
    table = {}
    for font, wanted in fonts.items():
        measured = {
            levels.name_of(*program): levels.measure(font, *program)
            for program in track(sorted(wanted), description=f"Measuring {font.name}")
        }
        table[soundfonts.checksum(font)] = levels.Font(name=font.name, levels=measured)
    levels.write(levels.Table(fonts=table), out)


def _moods() -> list[Playlist]:
    settings = config.load_config(environ={})
    return [config.load_playlist(config.find_playlist(settings, name)) for name in config.playlist_names(settings)]


if __name__ == "__main__":
    main()
