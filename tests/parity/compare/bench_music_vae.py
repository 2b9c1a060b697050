"""How fast our MusicVAEs are, with the weights that `oracle/bench_music_vae.py` left: as JSON on standard output.

    python tests/parity/compare/bench_music_vae.py OUT

Playables go beside the checkpoints. Each is measured in a process of its own, without TensorFlow, with one and with
two threads; with int8 weights, how often the label that the same number draws is another is counted too.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from parts import in_parts

CONFIGURATIONS = ("cat-mel_2bar_big", "hierdec-trio_16bar")
PRECISIONS = ("float32", "int8")
WINDOWS = (1, 8, 32)
CHANGED_WINDOWS = 8
ROUNDS = 5
GATES = 4


def convert(name: str, folder: Path, precision: Any) -> None:
    """Import a checkpoint, unless that is done."""
    if (folder / name / precision / f"{name}.json").exists():
        return
    from latentfm.training.importing import Wish, import_checkpoint  # noqa: PLC0415 - needs TensorFlow

    import_checkpoint(folder / name, folder / name / precision, Wish(name, name, precision=precision))


def load(name: str, folder: Path, precision: str, threads: int) -> Any:
    """Load a playable."""
    from latentfm.models.card import read_card  # noqa: PLC0415 - start-up is measured
    from latentfm.models.music_vae import MusicVAE  # noqa: PLC0415
    from latentfm.models.playable import Steps  # noqa: PLC0415

    card: Any = read_card(path := folder / name / precision / f"{name}.json")
    return MusicVAE(card.model, Steps(path.with_suffix(".tflite"), card.sha256, threads))


def measure(name: str, folder: Path, precision: str, threads: int, windows: int) -> dict[str, Any]:
    """Time one playable that samples so many windows at once."""
    marks = [time.perf_counter()]
    import latentfm.models.music_vae  # noqa: F401, PLC0415 - start-up is measured

    marks.append(time.perf_counter())
    model = load(name, folder, precision, threads)
    marks.append(time.perf_counter())
    rng = np.random.default_rng(0)
    spent = []
    for _ in range(ROUNDS + 1):
        spent.append(-time.process_time())
        model.sample(windows, rng, 1.0)
        spent[-1] += time.process_time()
        marks.append(time.perf_counter())
    lasted = [after - before for before, after in pairwise(marks)]
    median = sorted(lasted[3:])[ROUNDS // 2]
    numbers = numbers_read(model.facts)
    size = {"float32": 4, "int8": 1}[precision]
    return {
        "configuration": name,
        "precision": precision,
        "threads": threads,
        "windows": windows,
        "import_seconds": lasted[0],
        "load_seconds": lasted[1],
        "first_seconds": lasted[2],
        "warm_seconds": lasted[3:],
        "processor_seconds": sorted(spent[1:])[ROUNDS // 2],
        "median_seconds": median,
        "gigabytes_a_second": numbers * size / median / 1e9,
        "gigaflops": 2 * numbers * windows / median / 1e9,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def numbers_read(facts: Any) -> int:
    """Return how many weights a decoding multiplies with, step after step: what memory has to give each time."""
    first, sizes = facts.state_sizes[0], facts.state_sizes
    upper = sum(GATES * units * (below + units) for below, units in pairwise(sizes))
    cell = GATES * first * first + upper
    cores = len(facts.output_depths) if facts.split else 1
    step = cores * cell + sizes[-1] * facts.output_depth
    if not facts.decoder_levels:
        start = facts.z_size * (GATES * first + 2 * sum(sizes))
        return int(facts.steps * step + start)
    bar = cell + cores * sizes[-1] * (GATES * first + 2 * sum(sizes))
    return int(facts.steps * step + facts.decoder_levels[0] * bar + facts.z_size * 2 * sum(sizes))


def changed(name: str, folder: Path) -> dict[str, Any]:
    """Count the steps at which int8 weights draw another label from the same number, after the same labels."""
    from latentfm.models.playable import draw  # noqa: PLC0415

    exact, rounded = (load(name, folder, precision, 1) for precision in PRECISIONS)
    rng = np.random.default_rng(1)
    z = rng.standard_normal((CHANGED_WINDOWS, exact.z_size), dtype=np.float32)
    uniforms = rng.random(exact.uniforms_shape(CHANGED_WINDOWS))
    labels = exact.decode_by(z, uniforms, 1.0).labels
    logits = rounded.logits(z, labels)
    depths = exact.facts.output_depths
    parts, numbers = labels.reshape(*labels.shape[:2], -1), uniforms.reshape(len(uniforms), CHANGED_WINDOWS, -1)
    other = []
    for part, (depth, end) in enumerate(zip(depths, accumulate(depths), strict=True)):
        drawn = [
            draw(logits[:, step, end - depth : end], 1.0, numbers[step, :, part])[0] for step in range(exact.steps)
        ]
        other.append(np.stack(drawn, axis=1) != parts[..., part])
    free = rounded.decode_by(z, uniforms, 1.0).labels
    return {
        "configuration": name,
        "labels_that_change": float(np.mean(other)),
        "labels_that_change_by_part": [float(part.mean()) for part in other],
        "labels_that_differ_when_each_goes_on_from_its_own": float((free != labels).mean()),
    }


def main() -> None:
    """Measure each configuration, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", default=CONFIGURATIONS)
    parser.add_argument("--part", choices=("convert", "measure", "changed"), help="what a process of this script does")
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--windows", type=int, default=WINDOWS[0])
    options = parser.parse_args()
    if options.part == "convert":
        convert(options.only[0], options.out, options.precision)
    elif options.part == "measure":
        figures = measure(options.only[0], options.out, options.precision, options.threads, options.windows)
        print(json.dumps(figures))  # noqa: T201
    elif options.part == "changed":
        print(json.dumps(changed(options.only[0], options.out)))  # noqa: T201
    else:
        windows = [("--windows", str(count)) for count in WINDOWS]
        lines = [line for name in options.only for line in in_parts(__file__, name, options.out, PRECISIONS, windows)]
        print(json.dumps(lines, indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
