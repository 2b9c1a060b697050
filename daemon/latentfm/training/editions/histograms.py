"""``python -m latentfm.training.editions.histograms``: what the tunes are like that the melody models learnt from.

Reports compare the station's leads with them and need no tunes for that: intervals and durations are counted once,
into a small file that ships. Needs music21, whose corpus holds the tunes, and no TensorFlow.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import LatentFMError
from latentfm.models.events import Labels, labels_to_notes
from latentfm.music.figures import duration_histogram, interval_histogram
from latentfm.music.note import Note
from latentfm.training.corpora import shipped
from latentfm.training.corpora.melodies import GRIDS, Run

TARGET: Final = Path("daemon/latentfm/report/corpus.json")
NOTE: Final = (
    "Intervals (two octaves down to two octaves up) and durations (onset to onset, 1 to 16 sixteenths) of the tunes "
    "that the melody models learnt from, metre by metre, as written: public-domain tunes in music21's corpus, held-out "
    "ones left out. Two halves by tune. `learnt`: windows as they were drawn in training, single bars in half time and "
    "rests among them. Made by python -m latentfm.training.editions.histograms."
)
_DRAWN: Final = 20_000  # windows as drawn in training
_SEED: Final = 1

Counts = dict[str, list[int]]


def counts(tunes: Iterable[Labels]) -> Counts:
    """Count intervals and durations in melodies, each an array of labels."""
    intervals: NDArray[np.float64] = np.zeros(len(interval_histogram(())))
    durations: NDArray[np.float64] = np.zeros(len(duration_histogram(())))
    for labels in tunes:
        notes = [Note(note.onset, note.length, note.pitch) for note in labels_to_notes(labels)]
        intervals += interval_histogram(notes)
        durations += duration_histogram(notes)
    return {"intervals": intervals.astype(int).tolist(), "durations": durations.astype(int).tolist()}


def halves(runs: Sequence[Run], rng: np.random.Generator) -> tuple[list[Run], list[Run]]:
    """Split runs of bars in two, all those of a tune to one side."""
    names = sorted({run.tune for run in runs})
    first = {names[index] for index in rng.permutation(len(names))[::2]}
    return [run for run in runs if run.tune in first], [run for run in runs if run.tune not in first]


def of_metre(metre: str) -> dict[str, Any]:
    """Count the tunes of one metre, which its melody model learnt from.

    Raises:
        TrainingError: music21's corpus is not installed.
    """
    rng = np.random.default_rng(_SEED)
    runs, _ = shipped.melody_runs(GRIDS[metre])
    drawn = shipped.melody_data(metre).draw(rng, _DRAWN)
    return {
        "tunes": len({run.tune for run in runs}),
        "corpus": counts(run.labels for run in runs),
        "halves": [counts(run.labels for run in half) for half in halves(runs, rng)],
        "learnt": counts(drawn),
    }


def main() -> int:
    """Count, and write the file."""
    parser = argparse.ArgumentParser(prog="python -m latentfm.training.editions.histograms", description=__doc__)
    parser.add_argument("--out", type=Path, default=TARGET, help="file to write")
    options = parser.parse_args()
    try:
        document = {"note": NOTE, "metres": {metre: of_metre(metre) for metre in GRIDS}}
    except LatentFMError as fault:
        sys.stderr.write(f"error: {fault}\n")
        return fault.exit_status
    options.out.write_text(json.dumps(document, separators=(",", ":")) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
