"""How fast our event RNNs are, with the weights that `oracle/bench_event_rnn.py` left: as JSON on standard output.

    python tests/parity/compare/bench_event_rnn.py OUT

Playables go beside the checkpoints. Each is measured in a process of its own, without TensorFlow, with one and with
two threads. ``warm`` is from NoteSequence to NoteSequence, ``warm_events`` from events to events, as there. With int8
weights, how often the event that the same number draws is another is counted too.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from parts import in_parts

STEPS = {"attention_rnn": 128, "drum_kit": 64}
PRECISIONS = ("float32", "int8")
ROUNDS = 15
DRAWS = 1024  # events, of each count of those that change


def convert(name: str, folder: Path, precision: Any) -> None:
    """Import a checkpoint, unless that is done."""
    if playable(name, folder, precision).exists():
        return
    from latentfm.training.importing import Wish, import_checkpoint  # noqa: PLC0415 - needs TensorFlow

    wish = Wish(f"bench-{name}", name, precision=precision)
    import_checkpoint(folder / name / "model.ckpt.index", folder / name / precision, wish)


def playable(name: str, folder: Path, precision: str) -> Path:
    """Return where a playable's card lies."""
    return folder / name / precision / f"bench-{name}.json"


def load(name: str, folder: Path, precision: str, threads: int) -> tuple[Any, Any]:
    """Load a playable; return it and its facts."""
    from latentfm.models.card import read_card  # noqa: PLC0415 - start-up is measured
    from latentfm.models.event_rnn import EventRNN  # noqa: PLC0415
    from latentfm.models.playable import Steps  # noqa: PLC0415

    card: Any = read_card(path := playable(name, folder, precision))
    return EventRNN(card.model, Steps(path.with_suffix(".tflite"), card.sha256, threads)), card.model


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


def first_events(name: str) -> list[Any]:
    """Return a primer of one event."""
    return [frozenset({36})] if name == "drum_kit" else [60]


def measure(name: str, folder: Path, precision: str, threads: int) -> dict[str, Any]:
    """Time one playable."""
    marks = [time.perf_counter()]
    from latentfm.models.event_rnn.sequences import Chance, continue_sequence  # noqa: PLC0415 - start-up is measured

    marks.append(time.perf_counter())
    model, facts = load(name, folder, precision, threads)
    marks.append(time.perf_counter())
    rng, (primer, stretch) = np.random.default_rng(0), request(name)
    warm = timed(lambda: continue_sequence(model, primer, stretch, Chance(rng)))
    alone = timed(lambda: model.continue_primer(first_events(name), STEPS[name], rng))
    median, median_alone = sorted(warm)[ROUNDS // 2], sorted(alone)[ROUNDS // 2]
    numbers = numbers_read(facts)
    size = {"float32": 4, "int8": 1}[precision]
    return {
        "configuration": name,
        "precision": precision,
        "threads": threads,
        "steps": STEPS[name],
        "import_seconds": marks[1] - marks[0],
        "load_seconds": marks[2] - marks[1],
        "warm_seconds": warm,
        "median_seconds": median,
        "warm_events_seconds": alone,
        "median_events_seconds": median_alone,
        "megabytes_a_step": numbers * size / 1e6,
        "gigabytes_a_second": numbers * size * STEPS[name] / median_alone / 1e9,
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


def changed(name: str, folder: Path) -> dict[str, Any]:
    """Count the events that int8 weights draw otherwise from the same number, after the same events."""
    from latentfm.models.playable import draw  # noqa: PLC0415

    exact, rounded = (load(name, folder, precision, 1)[0] for precision in PRECISIONS)
    rng = np.random.default_rng(1)
    events = list(exact.continue_primer(first_events(name), DRAWS, rng)[0].events)
    uniforms = rng.random(DRAWS)
    drawn = [draw(model.logits(events), 1.0, uniforms)[0] for model in (exact, rounded)]
    return {"configuration": name, "labels_that_change": float(np.mean(drawn[0] != drawn[1]))}


def main() -> None:
    """Measure each configuration, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", default=list(STEPS))
    parser.add_argument("--part", choices=("convert", "measure", "changed"), help="what a process of this script does")
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    if options.part == "convert":
        convert(options.only[0], options.out, options.precision)
    elif options.part == "measure":
        print(json.dumps(measure(options.only[0], options.out, options.precision, options.threads)))  # noqa: T201
    elif options.part == "changed":
        print(json.dumps(changed(options.only[0], options.out)))  # noqa: T201
    else:
        lines = [line for name in options.only for line in in_parts(__file__, name, options.out, PRECISIONS)]
        print(json.dumps(lines, indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
