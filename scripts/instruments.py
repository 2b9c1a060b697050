"""Make the instruments that ship: `make instruments`. Those that the playlists ask for, at the beginning of each walk.

Those that are there stay; what no playlist asks for any more is removed. Uses one core, minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from latentfm.config import find_playlist, load_config, load_playlist, playlist_names
from latentfm.luthier import Budget
from latentfm.ops import logs
from latentfm.render.soundfonts import SHIPPED
from latentfm.timbre.making import make
from latentfm.timbre.recipe import recipes_of

ROOM = 10_000_000
"""Bytes that all of them may take."""

README = """\
# Instruments that ship

Blends of General MIDI programs, made by `make instruments` with the spectral engine from FluidR3_GM (Frank Wen, MIT),
for the playlists that ship; Apache-2.0. docs/timbres.md says how they sound.

| file | is made of | for |
|---|---|---|
"""


def main() -> int:
    """Make what is missing; return 1 if all of them take too much room."""
    logs.configure()
    config = load_config(environ={})
    wanted: dict[str, tuple[str, list[str]]] = {}
    for name in playlist_names(config):
        for voice in load_playlist(find_playlist(config, name)).voices:
            for recipe in recipes_of(voice)[:1]:
                wanted.setdefault(recipe.name, (str(recipe), []))[1].append(f"{name}, {voice.role}")
                path = SHIPPED / f"{recipe.name}.sf2"
                if not path.exists():
                    print(f"{name}, {voice.role}: {recipe}", flush=True)
                    make(recipe, path, Budget().size)
    rows = [f"| `{name}.sf2` | {what} | {'; '.join(whom)} |" for name, (what, whom) in sorted(wanted.items())]
    (SHIPPED / "README.md").write_text(README + "\n".join(rows) + "\n", encoding="utf-8")
    for left in set(SHIPPED.glob("*.sf2")) - {SHIPPED / f"{name}.sf2" for name in wanted}:
        left.unlink()
    size = sum(Path(SHIPPED / f"{name}.sf2").stat().st_size for name in wanted)
    print(f"{len(wanted)} instruments, {size / 1e6:.1f} MB of {ROOM / 1e6:.0f}")
    return int(size > ROOM)


if __name__ == "__main__":
    sys.exit(main())
