"""How fast Magenta's NSynth is: a sample of 1 and of 16 notes, encoding four seconds, start-up and memory, as JSON.

Run it under the Python that has Magenta 2.1.4; the checkpoint that it draws stays in OUT for our side
(`compare/bench_nsynth.py`), so that both play the same weights:

    python tests/parity/oracle/bench_nsynth.py OUT

Each batch is measured in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

NOTES = (1, 16)
STEPS = 200  # samples that are timed
HOP = 512
ENCODED = 64_000  # samples of a note of four seconds
PREFIX = "model.ckpt-200000"


def write(folder: Path) -> None:
    """Write a checkpoint of the published size drawn at random, unless it is there."""
    if (folder / f"{PREFIX}.index").exists():
        return
    import nsynth  # beside this file
    import tensorflow.compat.v1 as tf

    folder.mkdir(parents=True, exist_ok=True)
    with tf.Graph().as_default(), tf.Session(config=nsynth.anywhere()) as session:
        nsynth.fastgen.load_nsynth(batch_size=1, sample_length=HOP)
        nsynth.load(session, nsynth.draw_all())
        tf.train.Saver().save(session, str(folder / PREFIX), write_meta_graph=False, write_state=False)


def measure(folder: Path, notes: int) -> None:
    """Time the loop of Magenta's `synthesize` on notes at once, and its `encode` on one; print JSON."""
    marks = [time.perf_counter()]
    import numpy as np
    import tensorflow.compat.v1 as tf
    from magenta.models.nsynth.wavenet import fastgen

    marks.append(time.perf_counter())
    rng, spent = np.random.default_rng(0), []
    codes = rng.standard_normal((notes, 16))
    config = tf.ConfigProto(allow_soft_placement=True)
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        net = fastgen.load_fastgen_nsynth(batch_size=notes)
        tf.train.Saver().restore(session, str(folder / PREFIX))
        session.run(net["init_ops"])
        marks.append(time.perf_counter())
        sound = np.zeros([notes, 1])
        for _ in range(STEPS + 1):
            spent.append(-time.process_time())
            sound = fastgen.generate_audio_sample(session, net, sound, codes)
            spent[-1] += time.process_time()
            marks.append(time.perf_counter())
    lasted = [float(length) for length in np.diff(marks)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {
        "configuration": "wavenet",
        "notes": notes,
        "steps": STEPS,
        "import_seconds": lasted[0],
        "load_seconds": lasted[1],
        "first_seconds": lasted[2],
        "median_seconds": sorted(lasted[3:])[STEPS // 2],
        "mean_seconds": sum(lasted[3:]) / STEPS,
        "processor_seconds": sorted(spent[1:])[STEPS // 2],
        "peak_megabytes": peak,
    }
    if notes == 1:
        figures["encode_seconds"] = encode_seconds(folder, rng.uniform(-0.5, 0.5, (1, ENCODED)))
    print(json.dumps(figures))


def encode_seconds(folder: Path, audio: object) -> float:
    """Return how long a note takes to be encoded, warm."""
    import tensorflow.compat.v1 as tf
    from magenta.models.nsynth.wavenet import fastgen

    config, lasted = tf.ConfigProto(allow_soft_placement=True), []
    with tf.Graph().as_default(), tf.Session(config=config) as session:
        net = fastgen.load_nsynth(batch_size=1, sample_length=ENCODED)
        tf.train.Saver().restore(session, str(folder / PREFIX))
        for _ in range(3):
            begun = time.perf_counter()
            session.run(net["encoding"], {net["X"]: audio})
            lasted.append(time.perf_counter() - begun)
    return min(lasted[1:])


def main() -> None:
    """Measure each batch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--part", choices=("write", "measure"), help="what a process of this script does")
    parser.add_argument("--notes", type=int, default=NOTES[0])
    options = parser.parse_args()
    folder = options.out / "wavenet"
    if options.part == "write":
        write(folder)
        return
    if options.part == "measure":
        measure(folder, options.notes)
        return
    command = [sys.executable, __file__, str(options.out), "--part"]
    subprocess.run([*command, "write"], check=True, stdout=subprocess.DEVNULL)
    figures = []
    for notes in NOTES:
        done = subprocess.run([*command, "measure", "--notes", str(notes)], check=True, stdout=subprocess.PIPE)
        figures.append(json.loads(done.stdout.splitlines()[-1]))
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
