"""What `timbres.py` says of the instruments that ship: each made once more, and played over its voice's range."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from latentfm.config import find_playlist, load_config, load_playlist, playlist_names
from latentfm.luthier import Budget
from latentfm.timbre import checked, making
from latentfm.timbre.engine import Engine
from latentfm.timbre.recipe import recipe_at
from latentfm.timbre.seam import INAUDIBLE, NOTHING
from latentfm.timbre.sf2 import file

HEAD = """\
| mood, voice | made of | keys | out of tune, cents: most | uneven, LU: most | loops | loudest click, dBFS |
|---|---|---|---|---|---|---|"""
STEP = 3  # keys
SURE = 0.5  # of a pitch


def rows(engine: Engine) -> Iterator[str]:
    """Yield a row for each blended voice of the moods that ship."""
    config = load_config(environ={})
    for name in playlist_names(config):
        for voice in load_playlist(find_playlist(config, name)).voices:
            recipe = recipe_at(voice, 0.0)
            if recipe is None:
                continue
            built = making.instrument(recipe, engine, Budget().size)
            with TemporaryDirectory() as folder:
                font = Path(folder) / "font.sf2"
                file.write(built.font, font)
                keys = checked.keys(font, range(voice.low, voice.high + 1, STEP), program=recipe.program)
            cents = [abs(key.cents) for key in keys if key.confidence > SURE]
            loud = np.array([key.lufs for key in keys])
            clicks = [sample.click for sample in built.samples if sample.loop is not None]
            loudest = max(clicks, default=NOTHING)
            said = f"{loudest:.0f}" if loudest > NOTHING else "none"
            yield (
                f"| {name}, {voice.role} | {recipe} | {voice.low} to {voice.high} | {max(cents):.1f} "
                f"({len(cents)} of {len(keys)} with a sure pitch) | {np.abs(loud - np.median(loud)).max():.1f} | "
                f"{len(clicks)} of {len(built.samples)} | {said} |"
            )


NOTES = f"""\
Every third key is played by FluidSynth. A click is what a loop's seam has beyond what its surroundings let one expect,
as one sample's energy; it is to stay below {INAUDIBLE:.0f} dBFS. Sounds that fall away are not looped."""
