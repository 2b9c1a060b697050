"""Time our engine beside Magenta 2.1.4 in one run, with the same weights: `make bench ORACLE=DIR`.

``DIR`` is an environment with the original Magenta 2.1.4. Its side writes checkpoints and times its own generators
(tests/parity/oracle/bench_*.py), ours imports the same checkpoints and times the playables
(tests/parity/compare/bench_*.py); each model in a process of its own, one after the other.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
PARITY = ROOT / "tests" / "parity"
REPORT = ROOT / "docs" / "bench.md"
Figures = list[dict[str, Any]]
_WINDOWS = 8  # at which start-up, memory and limits are stated: what Magenta's own scripts draw at once


def run(python: Path | str, script: str, folder: Path) -> Figures:
    """Run one side of one family."""
    print(f"{script} ...", file=sys.stderr, flush=True)
    command = [str(python), "-W", "ignore", str(PARITY / script), str(folder)]
    found: Figures = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def best(work: Callable[[], object], times: int = 5) -> float:
    """Return the least seconds that some work took."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return min(taken)


def limits() -> tuple[float, float]:
    """Return what this machine reads from memory in GB/s and multiplies in GFLOP/s (float32, NumPy's BLAS)."""
    big = np.ones(64 << 20, np.float32)
    a = np.ones((2048, 2048), np.float32)
    return big.nbytes / best(big.sum) / 1e9, 2 * 2048**3 / best(lambda: a @ a) / 1e9


def rnn_rows(theirs: Figures, ours: Figures) -> Iterator[str]:
    """Yield a row of the table for each event RNN, precision and number of threads."""
    for line in (line for line in ours if "median_seconds" in line):
        name, what = line["configuration"], f"{line['configuration']}, {line['steps']} steps, {line['precision']}"
        configured, single = sorted(
            (other for other in theirs if other["configuration"] == name), key=lambda other: -other["batch"]
        )
        median = line["median_seconds"]
        yield (
            f"| {what} | {line['threads']} | {configured['median_seconds']:.2f} s | "
            f"{single['median_seconds'] * 1e3:.0f} ms | {median * 1e3:.1f} ms | "
            f"{configured['median_seconds'] / median:.0f} | {single['median_seconds'] / median:.1f} | "
            f"{single['median_events_seconds'] / line['median_events_seconds']:.1f} |"
        )


def vae_rows(theirs: Figures, ours: Figures) -> Iterator[str]:
    """Yield a row of the table for each MusicVAE, precision, number of windows and of threads."""
    magenta = {(other["configuration"], other["windows"]): other for other in theirs}
    for line in ours:
        if "median_seconds" in line:
            other = magenta[line["configuration"], line["windows"]]
            yield (
                f"| {line['configuration']}, {line['precision']} | {line['windows']} | {line['threads']} | "
                f"{other['median_seconds']:.2f} s | {line['median_seconds']:.2f} s | "
                f"{other['median_seconds'] / line['median_seconds']:.2f} | "
                f"{other['processor_seconds'] / line['processor_seconds']:.2f} |"
            )


def nsynth_rows(theirs: Figures, ours: Figures, memory: float, arithmetic: float) -> Iterator[str]:
    """Yield a row of the table for each precision of NSynth's WaveNet, number of notes and of threads."""
    magenta = {other["notes"]: other for other in theirs}
    for line in (line for line in ours if "median_seconds" in line):
        other = magenta[line["notes"]]
        before, after = other["median_seconds"], line["median_seconds"]
        yield (
            f"| {line['precision']} | {line['notes']} | {line['threads']} | {1 / before:.1f} | {1 / after:.1f} | "
            f"{before / after:.2f} | {other['processor_seconds'] / line['processor_seconds']:.2f} | "
            f"{line['gigabytes_a_second']:.1f} GB/s ({line['gigabytes_a_second'] / memory:.0%}) | "
            f"{line['gigaflops']:.0f} GFLOP/s ({line['gigaflops'] / arithmetic:.0%}) |"
        )


def nsynth_bounds(theirs: Figures, ours: Figures) -> Iterator[str]:
    """Yield what was asked of NSynth's synthesis, beside the better of one thread and two."""
    magenta = {other["notes"]: other["median_seconds"] for other in theirs}
    for (precision, notes), wanted in _ASKED_OF_NSYNTH.items():
        seconds = (
            line["median_seconds"] for line in ours if line.get("notes") == notes and line["precision"] == precision
        )
        found = magenta[notes] / min(seconds)
        verdict = "yes" if found >= wanted else "**no**"
        yield f"| NSynth's synthesis, {precision}, batch {notes} | {found:.3g} | {wanted} | {verdict} |"


def nsynth_notes(theirs: Figures, ours: Figures) -> Iterator[str]:
    """Yield what int8 weights change in NSynth's sound, and how long encoding takes."""
    for line in (line for line in ours if "samples_that_change" in line):
        yield _NSYNTH_CHANGES.format(**line)
    before = next(line["encode_seconds"] for line in theirs if "encode_seconds" in line)
    times = (
        f"{line['encode_seconds']:.2f} s ({line['precision']}, threads: {line['threads']})"
        for line in ours
        if "encode_seconds" in line
    )
    yield f"A note of four seconds is encoded in {before:.2f} s by Magenta, here in {', '.join(times)}."


def of_nsynth(lines: Figures) -> Figures:
    """Return the lines of NSynth that start-up and memory are stated of, under names that tell them apart."""
    return [
        {**line, "configuration": f"NSynth's synthesis, {line['notes']} at once"} for line in lines if "notes" in line
    ]


def bounds(rnn: tuple[Figures, Figures], vae: tuple[Figures, Figures]) -> Iterator[str]:
    """Yield what was asked of each model, beside the better of one thread and two."""
    theirs = {
        (line["configuration"], line["batch"] if "batch" in line else line["windows"]): line
        for line in [*rnn[0], *vae[0]]
    }
    best_of: dict[tuple[str, str, int], float] = {}
    for line in (line for line in [*rnn[1], *vae[1]] if "median_seconds" in line):
        key = line["configuration"], line["precision"], line.get("windows", 0)
        best_of[key] = min(line["median_seconds"], best_of.get(key, math.inf))
    for (name, precision, windows), seconds in best_of.items():
        for asked, wanted in _ASKED.get((precision, bool(windows)), ()):
            batches = [batch for other, batch in theirs if other == name]
            batch = windows or (max(batches) if asked == "as configured" else 1)
            found = theirs[name, batch]["median_seconds"] / seconds
            what = f"{windows} at once" if windows else asked
            yield f"| {name}, {precision}, {what} | {found:.3g} | {wanted} | {'yes' if found >= wanted else '**no**'} |"


def changes(ours: Figures) -> Iterator[str]:
    """Yield what int8 weights change, of each model."""
    for line in (line for line in ours if "labels_that_change" in line):
        text = f"`{line['configuration']}`: {line['labels_that_change']:.2%}"
        apart = line.get("labels_that_differ_when_each_goes_on_from_its_own")
        yield text if apart is None else f"{text}; {apart:.0%} differ in the end where each goes on from its own"


def cost_rows(theirs: Figures, ours: Figures) -> Iterator[str]:
    """Yield start-up and memory of each side."""
    for line in (line for line in theirs if line.get("windows", _WINDOWS) == _WINDOWS):
        start = line["import_seconds"] + line["load_seconds"] + line.get("first_seconds", 0.0)
        what = f", batch {line['batch']}" if "batch" in line else ""
        yield f"| Magenta: {line['configuration']}{what} | {start:.1f} s | {line['peak_megabytes']:.0f} MB | | |"
    for line in ours:
        if "median_seconds" in line and line["threads"] == 1 and line.get("windows", _WINDOWS) == _WINDOWS:
            start = line["import_seconds"] + line["load_seconds"] + line.get("first_seconds", 0.0)
            yield (
                f"| ours: {line['configuration']}, {line['precision']} | {start:.2f} s | "
                f"{line['peak_megabytes']:.0f} MB | {line['gigabytes_a_second']:.1f} GB/s | "
                f"{line['gigaflops']:.1f} GFLOP/s |"
            )


def page(folder: Path, oracle: Path) -> str:
    """Measure everything, and return it as Markdown."""
    python = oracle / "bin" / "python"
    rnn = run(python, "oracle/bench_event_rnn.py", folder), run(sys.executable, "compare/bench_event_rnn.py", folder)
    vae = run(python, "oracle/bench_music_vae.py", folder), run(sys.executable, "compare/bench_music_vae.py", folder)
    nsynth = run(python, "oracle/bench_nsynth.py", folder), run(sys.executable, "compare/bench_nsynth.py", folder)
    memory, arithmetic = limits()
    lines = [
        "## What was asked for",
        "",
        "Times Magenta's speed, with the better of one thread and two.",
        "",
        "| | found | asked | holds |",
        "|---|---|---|---|",
        *bounds(rnn, vae),
        *nsynth_bounds(*nsynth),
        "",
        _TILES,
        "",
        "## Event RNNs, from NoteSequence to NoteSequence, warm",
        "",
        _RNN_HEAD,
        "|---|---|---|---|---|---|---|---|",
        *rnn_rows(*rnn),
        "",
        "## MusicVAE, windows from the prior, warm",
        "",
        _VAE_HEAD,
        "|---|---|---|---|---|---|---|",
        *vae_rows(*vae),
        "",
        "How often int8 weights change what the same number draws after the same events, with weights at random:",
        "",
        *(f"- {change}" for change in changes([*rnn[1], *vae[1]])),
        "",
        "## NSynth's synthesis, warm",
        "",
        _NSYNTH_HEAD,
        "|---|---|---|---|---|---|---|---|---|",
        *nsynth_rows(*nsynth, memory, arithmetic),
        "",
        *(line for note in nsynth_notes(*nsynth) for line in (note, "")),
        "## Start-up, memory, and the distance from the limits",
        "",
        _LIMITS.format(memory, arithmetic),
        "",
        "| | start-up | memory | reads | multiplies |",
        "|---|---|---|---|---|",
        *cost_rows(*rnn),
        *cost_rows(*vae),
        *cost_rows(*map(of_nsynth, nsynth)),
    ]
    return "\n".join(lines)


# What issue 4 asks of whom, by precision and whether it is a MusicVAE: times Magenta's speed.
_ASKED: Final = {
    ("float32", False): (("as configured", 100), ("batch 1", 10)),
    ("float32", True): (("windows", 1.3),),
    ("int8", True): (("windows", 2),),
}
# What issue 6 asks of NSynth's synthesis, by precision and notes at once.
_ASKED_OF_NSYNTH: Final = {("float32", 1): 2, ("float32", 16): 1.3, ("int8", 1): 3, ("int8", 16): 3}
_NSYNTH_HEAD = (
    "| weights | notes at once | our threads | Magenta, samples a second of each | ours | times | "
    "times, processor seconds | reads (of what memory gives) | multiplies (of NumPy's peak in float32) |"
)
_NSYNTH_CHANGES = (
    "With weights at random, int8 ones draw another sample from the same number after the same past at "
    "{samples_that_change:.1%} of samples, and the sound of those is {same_past_decibels:.1f} dB from that of float32 "
    "(log-spectral distance). Notes that each go on from their own past are {own_past_decibels:.1f} dB apart; two of "
    "float32 that are drawn from other numbers, {chance_decibels:.1f} dB. Codes of the int8 encoder are "
    "{codes_apart:.1%} from those of float32 (RMS, of their deviation)."
)
_RNN_HEAD = (
    "| continuation | our threads | Magenta as configured | Magenta, graph of batch 1 | ours | times configured | "
    "times batch 1 | times batch 1, events alone |"
)
_VAE_HEAD = (
    "| model | windows at once | our threads | Magenta (as many threads as it likes) | ours | times | "
    "times, processor seconds |"
)
_TILES = (
    "LiteRT's float32 kernels (XNNPACK, AVX-512) take seven rows to a pass over the weights: eight windows read them "
    "from memory twice, so that fourteen take hardly longer (0.68 s instead of 0.64 when that was looked at)."
)
_LIMITS = (
    "Start-up is imports, loading and the first call; memory is the peak of the process; MusicVAEs draw eight windows. "
    "The last columns are the weights that a run has to read and the products that it has to make, over its time; this "
    "machine reads {:.1f} GB/s from memory and multiplies {:.0f} GFLOP/s (NumPy, all threads), measured in the same "
    "run. Weights of a few MB stay in the caches, which are faster than that."
)
_TITLE = "# Beside Magenta 2.1.4\n\n`make bench ORACLE=DIR ARGS=--write` made this page, both sides in one run.\n"


def main() -> None:
    """Measure, print, and write the page where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oracle", type=Path, required=True, help="environment with the original Magenta")
    parser.add_argument("--folder", type=Path, help="where checkpoints of 2 GB lie and stay; temporary without it")
    parser.add_argument("--write", action="store_true", help="write docs/bench.md")
    options = parser.parse_args()
    if not (options.oracle / "bin" / "python").exists():
        parser.error(f"{options.oracle} is no environment: build one with the original Magenta 2.1.4 first")
    with tempfile.TemporaryDirectory(prefix="latentfm-bench-") as temporary:
        text = page(options.folder or Path(temporary), options.oracle)
    print(text)
    if options.write:
        REPORT.write_text(f"{_TITLE}\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
