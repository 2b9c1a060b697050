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

import bench_nsynth  # beside this file
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


def gansynth_rows(theirs: Figures, ours: Figures) -> Iterator[str]:
    """Yield a row of the table for each precision of a GANSynth, number of notes and of threads: seconds a note."""
    magenta = {(other["notes"], other["threads"]): other for other in theirs}
    for line in (line for line in ours if "median_seconds" in line):
        notes, threads = line["notes"], line["threads"]
        other = magenta[notes, threads]
        before, after = other["median_seconds"] / notes, line["median_seconds"] / notes
        yield (
            f"| {line['configuration']}, {line['precision']} | {notes} | {threads} | {before:.2f} s | "
            f"{_NOTE / before:.1f} | {after:.2f} s | {_NOTE / after:.1f} | {before / after:.2f} | "
            f"{other['processor_seconds'] / line['processor_seconds']:.2f} |"
        )


def spectral_rows(ours: Figures) -> Iterator[str]:
    """Yield a row of the table for each pitch of the spectral engine."""
    for line in ours:
        encode, synthesize = line["encode_seconds"], line["synthesize_seconds"]
        yield (
            f"| {line['pitch']} | {encode:.2f} s | {line['seconds'] / encode:.0f} | {synthesize:.2f} s | "
            f"{line['seconds'] / synthesize:.0f} |"
        )


def gansynth_changes(ours: Figures) -> Iterator[str]:
    """Yield what int8 weights change in a GANSynth's sound."""
    for line in (line for line in ours if "levels_apart_db" in line):
        yield _GANSYNTH_CHANGES.format(**line)


def of_gansynth(lines: Figures) -> Figures:
    """Return the lines of a GANSynth that start-up, memory and limits are stated of, under a name that says so."""
    of_batch = (line for line in lines if line.get("notes") == _WINDOWS and line["threads"] == 1)
    return [{**line, "configuration": f"GANSynth {line['configuration']}"} for line in of_batch]


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
    gan = run(python, "oracle/bench_gansynth.py", folder), run(sys.executable, "compare/bench_gansynth.py", folder)
    spectral = run(sys.executable, "compare/bench_spectral.py", folder)
    memory, arithmetic = limits()
    lines = [
        "## What was asked for",
        "",
        "Times Magenta's speed, with the better of one thread and two.",
        "",
        "| | found | asked | holds |",
        "|---|---|---|---|",
        *bounds(rnn, vae),
        *bench_nsynth.bounds(*nsynth),
        "",
        _ROWS,
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
        bench_nsynth.HEAD,
        "|---|---|---|---|---|---|---|---|---|",
        *bench_nsynth.rows(*nsynth, memory, arithmetic),
        "",
        *(line for note in bench_nsynth.notes(*nsynth) for line in (note, "")),
        "## GANSynth, notes of 4 s, warm",
        "",
        _GANSYNTH_HEAD,
        "|---|---|---|---|---|---|---|---|---|",
        *gansynth_rows(*gan),
        "",
        *gansynth_changes(gan[1]),
        "",
        "## The spectral engine, notes of 4 s, warm, one thread",
        "",
        _SPECTRAL_HEAD,
        "|---|---|---|---|---|",
        *spectral_rows(spectral),
        "",
        "## Start-up, memory, and the distance from the limits",
        "",
        _LIMITS.format(memory, arithmetic),
        "",
        "| | start-up | memory | reads | multiplies |",
        "|---|---|---|---|---|",
        *cost_rows(*rnn),
        *cost_rows(*vae),
        *cost_rows(*map(bench_nsynth.renamed, nsynth)),
        *cost_rows(*map(of_gansynth, gan)),
    ]
    return "\n".join(lines)


# What issue 4 asks of whom, by precision and whether it is a MusicVAE: times Magenta's speed.
_ASKED: Final = {
    ("float32", False): (("as configured", 100), ("batch 1", 10)),
    ("float32", True): (("windows", 1.3),),
    ("int8", True): (("windows", 2),),
}
_RNN_HEAD = (
    "| continuation | our threads | Magenta as configured | Magenta, graph of batch 1 | ours | times configured | "
    "times batch 1 | times batch 1, events alone |"
)
_VAE_HEAD = (
    "| model | windows at once | our threads | Magenta (as many threads as it likes) | ours | times | "
    "times, processor seconds |"
)
_NOTE: Final = 4.0  # seconds of what a GANSynth makes
_GANSYNTH_HEAD = (
    "| model | notes at once | threads of each | Magenta, a note | times real time | ours, a note | times real time | "
    "times | times, processor seconds |"
)
_GANSYNTH_CHANGES = (
    "With weights at random, int8 ones change the levels of what lies within 60 dB of a note's loudest place by "
    "{levels_apart_db:.2f} dB (RMS) and its frequencies by {half_turns_a_frame_apart:.3f} half turns a frame of 32 ms; "
    "as phases drift apart with those, the waveforms differ by {sound_apart_db:+.0f} dB beside the sound. "
    "Start-up and memory below are of eight notes and one thread."
)
_ROWS = (
    "LiteRT's float32 kernels (XNNPACK, AVX-512) take seven rows to a pass over the weights: eight windows read "
    "them twice. In tiles that stay in a core's cache they would be read once, but the parts cost two threads more in "
    "waiting for one another than that saves: when that was looked at, by itself, a matrix of 134 MB took 7.6 ms in "
    "tiles of 512 by 256, and 6.2 ms whole."
)
_SPECTRAL_HEAD = "| pitch | encoded in | times real time | synthesized in | times real time |"
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
