"""Rewrite the table of levels that ships: `make levels`.

It measures all programs of the default SoundFont and what the playlists that ship play, with their blends and without,
as bright as they play it; which takes about a minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.progress import track

from latentfm.config import find_playlist, load_config, load_playlist, playlist_names
from latentfm.playlist import Voice
from latentfm.render import levels, soundfonts
from latentfm.render.synth import DRUM_BANK
from latentfm.timbre.voicing import unblended, voiced

TABLE = Path(levels.__file__).with_name("levels.json")
DRUM_KITS = (0, 8, 16, 24, 25, 32, 40, 48)
PROGRAMS = 128


def main() -> None:
    """Measure, and write the table."""
    wanted = {soundfonts.DEFAULT: {(0, program, 0.0) for program in range(PROGRAMS)}}
    wanted[soundfonts.DEFAULT] |= {(DRUM_BANK, kit, 0.0) for kit in DRUM_KITS}
    for voice in voices():
        wanted.setdefault(voice.soundfont, set()).update(
            (voice.bank, voice.program, darker) for darker in (0.0, voice.darker)
        )
    table = {}
    for name, programs in sorted(wanted.items()):
        font = soundfonts.find(name)
        measured = {
            levels.name_of(*program): levels.measure(font, *program)
            for program in track(sorted(programs), description=f"Measuring {font.name}")
        }
        table[soundfonts.checksum(font)] = levels.Font(name=font.name, levels=measured)
    levels.write(levels.Table(fonts=table), TABLE)


def voices() -> Iterator[Voice]:
    """Yield the voices of all moods that ship, with blended instruments and with what plays until they are made."""
    config = load_config(environ={})
    for name in playlist_names(config):
        written = load_playlist(find_playlist(config, name))
        yield from (*voiced(written).voices, *unblended(written).voices)


if __name__ == "__main__":
    main()
