"""What `bench_magenta.py` says of NSynth's synthesis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

Figures = list[dict[str, Any]]

# What issue 6 asks of NSynth's synthesis, by precision and notes at once.
_ASKED: Final = {("float32", 1): 2, ("float32", 16): 1.3, ("int8", 1): 3, ("int8", 16): 3}
HEAD = (
    "| weights | notes at once | our threads | Magenta, samples a second of each | ours | times | "
    "times, processor seconds | reads (of what memory gives) | multiplies (of NumPy's peak in float32) |"
)
_CHANGES = (
    "With weights at random, int8 ones draw another sample from the same number after the same past at "
    "{samples_that_change:.1%} of samples, and the sound of those is {same_past_decibels:.1f} dB from that of float32 "
    "(log-spectral distance). Notes that each go on from their own past are {own_past_decibels:.1f} dB apart; two of "
    "float32 that are drawn from other numbers, {chance_decibels:.1f} dB. Codes of the int8 encoder are "
    "{codes_apart:.1%} from those of float32 (RMS, of their deviation)."
)


def rows(theirs: Figures, ours: Figures, memory: float, arithmetic: float) -> Iterator[str]:
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


def bounds(theirs: Figures, ours: Figures) -> Iterator[str]:
    """Yield what was asked of NSynth's synthesis, beside the better of one thread and two."""
    magenta = {other["notes"]: other["median_seconds"] for other in theirs}
    for (precision, notes), wanted in _ASKED.items():
        seconds = (
            line["median_seconds"] for line in ours if line.get("notes") == notes and line["precision"] == precision
        )
        found = magenta[notes] / min(seconds)
        verdict = "yes" if found >= wanted else "**no**"
        yield f"| NSynth's synthesis, {precision}, batch {notes} | {found:.3g} | {wanted} | {verdict} |"


def notes(theirs: Figures, ours: Figures) -> Iterator[str]:
    """Yield what int8 weights change in NSynth's sound, and how long encoding takes."""
    for line in (line for line in ours if "samples_that_change" in line):
        yield _CHANGES.format(**line)
    before = next(line["encode_seconds"] for line in theirs if "encode_seconds" in line)
    times = (
        f"{line['encode_seconds']:.2f} s ({line['precision']}, threads: {line['threads']})"
        for line in ours
        if "encode_seconds" in line
    )
    yield f"A note of four seconds is encoded in {before:.2f} s by Magenta, here in {', '.join(times)}."


def renamed(lines: Figures) -> Figures:
    """Return the lines of NSynth that start-up and memory are stated of, under names that tell them apart."""
    return [
        {**line, "configuration": f"NSynth's synthesis, {line['notes']} at once"} for line in lines if "notes" in line
    ]
