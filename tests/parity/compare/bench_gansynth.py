"""How fast our GANSynth is, with the weights that `oracle/bench_gansynth.py` left: as JSON on standard output.

    python tests/parity/compare/bench_gansynth.py OUT

Playables go beside the training. Each is measured in a process of its own, without TensorFlow, that has one processor
or two and as many threads; what int8 weights change in the sound is measured too.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from parts import in_parts

NAME = "acoustic_only"
PRECISIONS = ("float32", "int8")
NOTES = (1, 8)
CHANGED_NOTES = 8
ROUNDS = 5
HEARD = 60  # dB below the loudest place of a spectrogram


def convert(name: str, folder: Path, precision: Any) -> None:
    """Import a training, unless that is done."""
    if (folder / precision / f"{name}.json").exists():
        return
    from latentfm.training.importing import Wish, import_checkpoint  # noqa: PLC0415 - needs TensorFlow

    import_checkpoint(folder / name, folder / precision, Wish(name, precision=precision))


def load(name: str, folder: Path, precision: str, threads: int) -> Any:
    """Load a playable."""
    from latentfm.models.card import read_card  # noqa: PLC0415 - start-up is measured
    from latentfm.models.gansynth import GANSynth  # noqa: PLC0415
    from latentfm.models.playable import Steps  # noqa: PLC0415

    card: Any = read_card(path := folder / precision / f"{name}.json")
    return GANSynth(card.model, Steps(path.with_suffix(".tflite"), card.sha256, threads))


def measure(name: str, folder: Path, precision: str, threads: int, notes: int) -> dict[str, Any]:
    """Time one playable that makes so many notes."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    marks = [time.perf_counter()]
    import latentfm.models.gansynth  # noqa: F401, PLC0415 - start-up is measured

    marks.append(time.perf_counter())
    model = load(name, folder, precision, threads)
    marks.append(time.perf_counter())
    z, pitches = model.draw(notes, np.random.default_rng(0)), [60 + note for note in range(notes)]
    spent = []
    for _ in range(ROUNDS + 1):
        spent.append(-time.process_time())
        model.synthesize(z, pitches)
        spent[-1] += time.process_time()
        marks.append(time.perf_counter())
    lasted = [after - before for before, after in pairwise(marks)]
    median = sorted(lasted[3:])[ROUNDS // 2]
    weights, products = work(model.facts)
    size = {"float32": 4, "int8": 1}[precision]
    return {
        "configuration": name,
        "precision": precision,
        "threads": threads,
        "notes": notes,
        "import_seconds": lasted[0],
        "load_seconds": lasted[1],
        "first_seconds": lasted[2],
        "warm_seconds": lasted[3:],
        "processor_seconds": sorted(spent[1:])[ROUNDS // 2],
        "median_seconds": median,
        "gigabytes_a_second": weights * size * notes / median / 1e9,
        "gigaflops": 2 * products * notes / median / 1e9,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def work(facts: Any) -> tuple[int, int]:
    """Return how many weights a note reads and how many products it makes, as our network has them."""
    places, below = facts.start[0] * facts.start[1], 0
    weights = products = (facts.z_size + facts.pitches) * places * facts.filters[0]
    for block, filters in enumerate(facts.filters):
        if block:
            weights += 16 * below * filters  # four kernels of 2 x 2
            products += 16 * places * below * filters
            places *= 4
        weights += 9 * filters * filters
        products += 9 * places * filters * filters
        below = filters
    return weights + 2 * below, products + 2 * places * below


def changed(name: str, folder: Path) -> dict[str, Any]:
    """Measure what int8 weights change: of the loud places of spectrograms, and of the waveforms."""
    exact, rounded = (load(name, folder, precision, 1) for precision in PRECISIONS)
    z = exact.draw(CHANGED_NOTES, np.random.default_rng(1))
    pitches = np.linspace(exact.pitches[0], exact.pitches[-1], CHANGED_NOTES).astype(int).tolist()
    before, after = (model.spectrogram(z, pitches) for model in (exact, rounded))
    power = 10 / np.log(10) * before[..., 0]
    heard = power > power.max(axis=(1, 2), keepdims=True) - HEARD
    apart = 10 / np.log(10) * (after - before)[..., 0][heard]
    turned = (after - before)[..., 1][heard]
    sounds = [model.sound(made).astype(np.float64) for model, made in ((exact, before), (rounded, after))]
    error = np.square(sounds[1] - sounds[0]).sum() / np.square(sounds[0]).sum()
    return {
        "configuration": name,
        "levels_apart_db": float(np.sqrt(np.mean(np.square(apart)))),
        "half_turns_a_frame_apart": float(np.sqrt(np.mean(np.square(turned)))),
        "sound_apart_db": float(10 * np.log10(error)),
    }


def main() -> None:
    """Measure each precision, with one note and with several, with one thread and with two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", default=[NAME])
    parser.add_argument("--part", choices=("convert", "measure", "changed"), help="what a process of this script does")
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--notes", type=int, default=NOTES[0])
    options = parser.parse_args()
    if options.part == "convert":
        convert(options.only[0], options.out, options.precision)
    elif options.part == "measure":
        figures = measure(options.only[0], options.out, options.precision, options.threads, options.notes)
        print(json.dumps(figures))  # noqa: T201
    elif options.part == "changed":
        print(json.dumps(changed(options.only[0], options.out)))  # noqa: T201
    else:
        notes = [("--notes", str(count)) for count in NOTES]
        lines = [line for name in options.only for line in in_parts(__file__, name, options.out, PRECISIONS, notes)]
        print(json.dumps(lines, indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
