"""How fast our event RNNs are, with the weights that `oracle/bench_event_rnn.py` left: as JSON on standard output.

    python tests/parity/compare/bench_event_rnn.py OUT

Playables go beside the checkpoints. Each is measured in a process of its own, without TensorFlow, with one and with
two threads. ``warm`` is from NoteSequence to NoteSequence, ``warm_events`` from events to events, as there.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

STEPS = {"attention_rnn": 128, "drum_kit": 64}
ROUNDS = 15


def convert(name: str, folder: Path) -> None:
    """Import a checkpoint, unless that is done."""
    if (folder / name / f"bench-{name}.json").exists():
        return
    from latentfm.training.importing import Wish, import_checkpoint  # noqa: PLC0415 - needs TensorFlow

    import_checkpoint(folder / name / "model.ckpt.index", folder / name, Wish(f"bench-{name}", name))


def request(name: str, qpm: float = 120.0) -> Any:
    """Return a primer of one bar, and the stretch behind it."""
    from latentfm.models.event_rnn.sequences import Stretch  # noqa: PLC0415 - start-up is measured
    from latentfm.noteseq import NoteSequence  # noqa: PLC0415

    step = 15.0 / qpm
    primer = NoteSequence(ticks_per_quarter=220)
    primer.tempos.add(qpm=qpm)
    for at, pitch in enumerate((36, 42, 38, 42) if name == "drum_kit" else (60, 64, 67, 64)):
        primer.notes.add(pitch=pitch, velocity=100, start_time=4 * at * step, end_time=(4 * at + 3.6) * step)
    primer.total_time = 16 * step
    return primer, Stretch((16 + STEPS[name]) * step)


def timed(run: Callable[[], object]) -> list[float]:
    """Time a few rounds, after one that does not count."""
    run()
    lasted = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        run()
        lasted.append(time.perf_counter() - begun)
    return lasted


def measure(name: str, folder: Path, threads: int) -> dict[str, Any]:
    """Time one playable."""
    marks = [time.perf_counter()]
    from latentfm.models.card import read_card  # noqa: PLC0415 - start-up is measured
    from latentfm.models.event_rnn import EventRNN, RnnFacts  # noqa: PLC0415
    from latentfm.models.event_rnn.sequences import Chance, continue_sequence  # noqa: PLC0415
    from latentfm.models.playable import Steps  # noqa: PLC0415

    marks.append(time.perf_counter())
    path = folder / name / f"bench-{name}.json"
    card = read_card(path)
    if not isinstance(card.model, RnnFacts):
        raise TypeError(f"{path} describes {card.model.kind}")
    model = EventRNN(card.model, Steps(path.with_suffix(".tflite"), card.sha256, threads))
    marks.append(time.perf_counter())
    rng, (primer, stretch) = np.random.default_rng(0), request(name)
    warm = timed(lambda: continue_sequence(model, primer, stretch, Chance(rng)))
    first = [frozenset({36})] if name == "drum_kit" else [60]
    alone = timed(lambda: model.continue_primer(first, STEPS[name], rng))
    median, median_alone = sorted(warm)[ROUNDS // 2], sorted(alone)[ROUNDS // 2]
    numbers = numbers_read(card.model)
    return {
        "configuration": name,
        "threads": threads,
        "steps": STEPS[name],
        "import_seconds": marks[1] - marks[0],
        "load_seconds": marks[2] - marks[1],
        "warm_seconds": warm,
        "median_seconds": median,
        "warm_events_seconds": alone,
        "median_events_seconds": median_alone,
        "megabytes_a_step": numbers * 4 / 1e6,
        "gigabytes_a_second": numbers * 4 * STEPS[name] / median_alone / 1e9,
        "gigaflops": 2 * numbers * STEPS[name] / median_alone / 1e9,
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def numbers_read(facts: Any) -> int:
    """Return how many weights a step multiplies with: what memory has to give each time."""
    from latentfm.models.event_rnn.encodings import encoding_of  # noqa: PLC0415

    encoding, sizes = encoding_of(facts), facts.layer_sizes
    units = sizes[0]
    seen = min(encoding.input_size, encoding.most_active) + units * (2 if facts.attn_length else 1)
    attention = 5 * units * units if facts.attn_length else 0
    upper = sum(4 * above * (below + above) for below, above in pairwise(sizes))
    return int(4 * units * seen + attention + upper + sizes[-1] * encoding.num_classes)


def main() -> None:
    """Measure each configuration, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", default=list(STEPS))
    parser.add_argument("--part", choices=("convert", "measure"), help="what a process of this script does")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.part == "convert":
        convert(options.only[0], options.out)
    elif options.part == "measure":
        print(json.dumps(measure(options.only[0], options.out, options.threads)))  # noqa: T201
    else:
        figures = []
        for name in options.only:
            command = [sys.executable, __file__, str(options.out), "--only", name, "--part"]
            subprocess.run([*command, "convert"], check=True, stdout=subprocess.DEVNULL)
            for threads in ("1", "2"):
                part = [*command, "measure", "--threads", threads]
                done = subprocess.run(part, check=True, stdout=subprocess.PIPE)
                figures.append(json.loads(done.stdout.splitlines()[-1]))
        print(json.dumps(figures, indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
