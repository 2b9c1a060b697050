"""The real studio's child, whose takes a plan spoils after they were mastered: ``spoiling_child.py PLAN_FILE``.

Each order uses up the first line of the file. The words: silent, nan, loud, clipped, quiet, short, repeat; a line
without one, or none left, spoils nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from latentfm.audio.fingerprint import fingerprint
from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.brief import Brief
from latentfm.studio import child
from latentfm.take import TakeInfo


def spoil(audio: Pcm, word: str) -> Pcm:
    """Return audio as a fault would leave it."""
    audio = audio.copy()
    middle = slice(len(audio) // 2, len(audio) // 2 + 3 * SAMPLE_RATE)
    if word == "silent":
        audio[middle] = 0.0
    elif word == "nan":
        audio[middle.start] = np.nan
    elif word == "loud":
        audio[middle.start, 0] = 0.99
    elif word == "clipped":
        audio = np.clip(audio * 20, -1.0, 1.0)
    elif word == "quiet":
        audio *= 0.25
    return audio


def main() -> int:
    """Serve orders as planned."""
    plan = Path(sys.argv[1])

    def load() -> Any:
        from latentfm.studio import produce as real  # noqa: PLC0415 - after the limits are set

        master, check = real.master, real.gate.check
        word = ""

        def mastering(audio: Pcm, lufs: float) -> Any:
            mastered, report = master(audio, lufs)
            return spoil(mastered, word), report

        def checking(audio: Pcm, *, frames: int, recent: Any, **asked: Any) -> None:
            if word == "repeat":
                recent = (fingerprint(audio), *recent)
            check(audio, frames=frames + (word == "short"), recent=recent, **asked)

        real.master, real.gate.check = mastering, checking

        def produce(brief: Brief, folder: Path) -> TakeInfo:
            nonlocal word
            lines = plan.read_text().splitlines() if plan.exists() else []
            word = lines[0].strip() if lines else ""
            plan.write_text("\n".join(lines[1:]))
            return real.produce(brief, folder)

        return produce

    return child.serve(load, sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
