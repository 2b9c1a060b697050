"""How fast Magenta's GANSynth is: warm notes of 4 s in batches of 1 and 8, start-up and memory, as JSON.

Run it under the Python that has Magenta 2.1.4; the training that it draws stays in OUT for our side
(`compare/bench_gansynth.py`), so that both play the same weights:

    python tests/parity/oracle/bench_gansynth.py OUT

Each is measured in a process of its own, that has one processor or two.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

NAME = "acoustic_only"
NOTES = (1, 8)
THREADS = (1, 2)
ROUNDS = 5


def write(folder: Path) -> None:
    """Write a full-size training drawn at random, unless it is there."""
    if (folder / NAME / "experiment.json").exists():
        return
    import gansynth  # beside this file

    gansynth.stand_in()
    gansynth.write(NAME, folder / NAME, *gansynth.FULL[NAME])


def measure(folder: Path, notes: int, threads: int) -> None:
    """Time one batch as Magenta's own class loads and generates it; print JSON."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    marks = [time.perf_counter()]
    import gansynth  # beside this file
    import numpy as np

    gansynth.stand_in()
    marks.append(time.perf_counter())
    model = gansynth.loaded(folder / NAME, notes)
    marks.append(time.perf_counter())
    z, pitches = model.generate_z(notes), [60 + note for note in range(notes)]
    spent = []
    for _ in range(ROUNDS + 1):
        spent.append(-time.process_time())
        model.generate_samples_from_z(z, pitches)
        spent[-1] += time.process_time()
        marks.append(time.perf_counter())
    lasted = [float(length) for length in np.diff(marks)]
    figures = {
        "configuration": NAME,
        "notes": notes,
        "threads": threads,
        "import_seconds": lasted[0],
        "load_seconds": lasted[1],
        "first_seconds": lasted[2],
        "warm_seconds": lasted[3:],
        "processor_seconds": sorted(spent[1:])[ROUNDS // 2],
        "median_seconds": sorted(lasted[3:])[ROUNDS // 2],
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(figures))


def main() -> None:
    """Measure each batch with one processor and with two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--part", choices=("write", "measure"), help="what a process of this script does")
    parser.add_argument("--notes", type=int, default=NOTES[0])
    parser.add_argument("--threads", type=int, default=THREADS[0])
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.part == "write":
        write(options.out)
        return
    if options.part == "measure":
        measure(options.out, options.notes, options.threads)
        return
    command = [sys.executable, "-W", "ignore", __file__, str(options.out), "--part"]
    subprocess.run([*command, "write"], check=True, stdout=subprocess.DEVNULL)
    figures = []
    for notes in NOTES:
        for threads in THREADS:
            part = [*command, "measure", "--notes", str(notes), "--threads", str(threads)]
            done = subprocess.run(part, check=True, stdout=subprocess.PIPE)
            figures.append(json.loads(done.stdout.splitlines()[-1]))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
