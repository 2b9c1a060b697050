"""The luthier's process: makes one instrument and ends. ``python -m latentfm.luthier.child``, see `luthier.order`.

What it says on standard error last is why it could not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from latentfm.errors import LatentFMError, reason
from latentfm.ops.process import be_killed_first, die_with_parent, limit_data, step_back
from latentfm.timbre.recipe import Recipe

_NICENESS = 19
_KILLED_FIRST = 800
_MEMORY_MB = 1_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Make an instrument; return 1 if that can't be done, having said why."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--recipe", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, required=True)
    options = parser.parse_args(arguments)
    die_with_parent(options.parent)
    step_back(_NICENESS)
    be_killed_first(_KILLED_FIRST)
    limit_data(_MEMORY_MB)
    text = json.loads(options.recipe)
    recipe = Recipe(tuple((sound, share) for sound, share in text["parts"]), text["engine"])
    try:
        from latentfm.timbre.making import make  # noqa: PLC0415 - LiteRT and FluidSynth, once this process gives way

        make(recipe, options.out, options.size)
    except (LatentFMError, OSError, MemoryError) as fault:
        sys.stderr.write(f"{reason(fault) if isinstance(fault, OSError) else str(fault) or 'out of memory'}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
