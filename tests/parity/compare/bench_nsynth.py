"""How fast our NSynth is, with the weights that `oracle/bench_nsynth.py` left: as JSON on standard output.

    python tests/parity/compare/bench_nsynth.py OUT

Playables go beside the checkpoint. Each precision is measured in processes of its own, without TensorFlow, with one and
with two threads, 1 and 16 notes at once; then what int8 weights change in what is drawn and in how it sounds.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import Any

import numpy as np
from parts import in_parts

NAME = "wavenet"
PRECISIONS = ("float32", "int8")
NOTES = (1, 16)
SECONDS = 6.0  # of samples that are timed
LEAST = 128  # of them
CODES = 60  # of a note that is begun: more than can be made in that time
ENCODED = 64_000  # samples of a note of four seconds
CHANGED_NOTES, CHANGED_CODES = 4, 3
WINDOW, STEP = 512, 256  # samples of the spectra that are compared
FLOOR = 1e-4  # of a spectrum's magnitude: 80 dB below full scale


def convert(folder: Path, precision: Any) -> None:
    """Import the checkpoint, unless that is done."""
    if (folder / precision / f"{NAME}.json").exists():
        return
    from latentfm.training.importing import Wish, import_checkpoint  # noqa: PLC0415 - needs TensorFlow

    import_checkpoint(folder, folder / precision, Wish(NAME, precision=precision))


def load(folder: Path, precision: str, threads: int) -> Any:
    """Load a playable."""
    from latentfm.models.card import read_card  # noqa: PLC0415 - start-up is measured
    from latentfm.models.nsynth import NSynth  # noqa: PLC0415
    from latentfm.models.playable import Steps  # noqa: PLC0415

    card: Any = read_card(path := folder / precision / f"{NAME}.json")
    return NSynth(card.model, Steps(path.with_suffix(".tflite"), card.sha256, threads))


def measure(folder: Path, precision: str, threads: int, notes: int) -> dict[str, Any]:
    """Time one playable that synthesizes so many notes at once."""
    marks = [time.perf_counter()]
    from latentfm.models.nsynth.decoder import Decoder  # noqa: PLC0415 - start-up is measured
    from latentfm.models.nsynth.mu_law import SILENCE  # noqa: PLC0415
    from latentfm.models.playable import choose  # noqa: PLC0415

    marks.append(time.perf_counter())
    model = load(folder, precision, threads)
    marks.append(time.perf_counter())
    facts = model.facts
    codes = np.random.default_rng(0).standard_normal((notes, CODES, facts.bottleneck)).astype(np.float32)
    decoder, rng, labels = Decoder(facts, model.steps, codes), np.random.default_rng(0), np.full(notes, SILENCE)
    lasted: list[float] = []
    spent: list[float] = []
    while sum(lasted[1:]) < SECONDS or len(lasted) < LEAST or len(lasted) % facts.ahead:
        begun, busy = time.perf_counter(), time.process_time()
        labels = choose(decoder.next(labels), 1.0, rng.random(notes))
        lasted.append(time.perf_counter() - begun)
        spent.append(time.process_time() - busy)
    median, processor = (of_a_block(times, facts.ahead) for times in (lasted, spent))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    read, multiplied = numbers(facts)
    figures = {
        "configuration": NAME,
        "precision": precision,
        "threads": threads,
        "notes": notes,
        "steps": len(lasted) - facts.ahead,
        "import_seconds": marks[1] - marks[0],
        "load_seconds": marks[2] - marks[1],
        "first_seconds": lasted[0],
        "median_seconds": median,
        "mean_seconds": float(np.mean(lasted[facts.ahead :])),
        "processor_seconds": processor,
        "gigabytes_a_second": read * {"float32": 4, "int8": 1}[precision] / median / 1e9,
        "gigaflops": 2 * multiplied * notes / median / 1e9,
        "peak_megabytes": peak,
    }
    if notes == 1:
        audio = np.random.default_rng(0).uniform(-0.5, 0.5, (1, ENCODED)).astype(np.float32)
        figures["encode_seconds"] = min(seconds(model, audio) for _ in range(2))
    return figures


def of_a_block(times: list[float], ahead: int) -> float:
    """Return what a sample takes: the median of each place in a block, as the first of a block does more; their mean.

    The first block warms up.
    """
    return float(np.median(np.reshape(times, (-1, ahead))[1:], axis=0).mean())


def seconds(model: Any, audio: Any) -> float:
    """Return how long a note takes to be encoded."""
    begun = time.perf_counter()
    model.encode(audio)
    return time.perf_counter() - begun


def numbers(facts: Any) -> tuple[float, float]:
    """Return how many weights memory has to give for a sample at least, and with how many each note is multiplied."""
    from latentfm.models.nsynth.facts import CLASSES, TAPS  # noqa: PLC0415

    width, skip = facts.width, facts.skip_width
    tap = 2 * width * width
    last = TAPS * width + width * skip + skip * skip + skip * CLASSES
    multiplied = facts.layers * (TAPS * tap + width * skip) + (facts.layers - 1) * width * width + last
    once_a_block = len(facts.ahead_layers) * (TAPS - 1) * tap
    return multiplied - once_a_block * (1 - 1 / facts.ahead), multiplied


def changed(folder: Path) -> dict[str, Any]:
    """Say what int8 weights change: in samples drawn from the same number after the same past, in codes, and in sound.

    Sound is that of whole notes, each of its own past: how far spectra of the two precisions are apart, and, to compare
    with, those of two float32 notes of the same codes and other numbers.
    """
    from latentfm.models.nsynth.mu_law import expand, labels_of  # noqa: PLC0415
    from latentfm.models.playable import choose  # noqa: PLC0415

    exact, rounded = (load(folder, precision, 1) for precision in PRECISIONS)
    hop, shape = exact.facts.hop, (CHANGED_NOTES, CHANGED_CODES, exact.facts.bottleneck)
    codes = np.random.default_rng(1).standard_normal(shape).astype(np.float32)

    def rngs(seed: int) -> list[np.random.Generator]:
        return [np.random.default_rng([seed, note]) for note in range(CHANGED_NOTES)]

    plain, chance = (exact.synthesize(codes, rngs(seed)) for seed in (0, 1))
    labels = labels_of(plain)
    uniforms = np.stack([rng.random(CHANGED_CODES * hop) for rng in rngs(0)])
    logits = rounded.logits(codes, labels)
    drawn = np.stack([choose(logits[:, at], 1.0, uniforms[:, at]) for at in range(labels.shape[1])], axis=1)
    audio = np.random.default_rng(2).uniform(-0.5, 0.5, (1, 16 * hop)).astype(np.float32)
    encoded = [model.encode(audio) for model in (exact, rounded)]
    return {
        "configuration": NAME,
        "samples_that_change": float((drawn != labels).mean()),
        "same_past_decibels": apart(expand(drawn), plain),
        "own_past_decibels": apart(rounded.synthesize(codes, rngs(0)), plain),
        "chance_decibels": apart(chance, plain),
        "codes_apart": float(np.sqrt(((encoded[0] - encoded[1]) ** 2).mean() / encoded[0].var())),
    }


def apart(ours: Any, theirs: Any) -> float:
    """Return the log-spectral distance of sounds ``[n, samples]`` in dB: RMS over frequencies, mean over frames."""
    first, second = (20 * np.log10(np.maximum(spectra(each), FLOOR)) for each in (ours, theirs))
    return float(np.sqrt(((first - second) ** 2).mean(axis=2)).mean())


def spectra(audio: Any) -> Any:
    """Return magnitudes ``[n, frames, frequencies]``, 1.0 a sine of full scale."""
    window = np.hanning(WINDOW)
    frames = np.lib.stride_tricks.sliding_window_view(audio, WINDOW, axis=1)[:, ::STEP]
    return np.abs(np.fft.rfft(frames * window)) * 2 / window.sum()


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="*", default=[NAME])
    parser.add_argument("--part", choices=("convert", "measure", "changed"), help="what a process of this script does")
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--notes", type=int, default=NOTES[0])
    options = parser.parse_args()
    folder = options.out / NAME
    if options.part == "convert":
        convert(folder, options.precision)
    elif options.part == "measure":
        print(json.dumps(measure(folder, options.precision, options.threads, options.notes)))  # noqa: T201
    elif options.part == "changed":
        print(json.dumps(changed(folder)))  # noqa: T201
    else:
        notes = [("--notes", str(count)) for count in NOTES]
        print(json.dumps(in_parts(__file__, NAME, options.out, PRECISIONS, notes), indent=1))  # noqa: T201


if __name__ == "__main__":
    main()
