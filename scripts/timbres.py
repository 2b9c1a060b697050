"""Measure what blends sound like: `make timbres`. With ``--write``: docs/timbres.md, and its pictures.

Random pairs of General MIDI programs are blended by the engine; parents, rebuilt parents and the blend are measured by
their sound alone. Uses one core, niced.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import keyboards  # beside this file
import numpy as np

from latentfm.errors import TimbreError
from latentfm.music import programs
from latentfm.ops import logs
from latentfm.report.rainbows import write_rainbows
from latentfm.timbre import sources
from latentfm.timbre.descriptors import attack_seconds, centroid, harmonic_levels, log_spectral_distance
from latentfm.timbre.engine import Mono
from latentfm.timbre.mixing import mixed
from latentfm.timbre.pitch import detect, hertz
from latentfm.timbre.rainbowgram import rainbowgram
from latentfm.timbre.spectral import engine as spectral
from latentfm.timbre.spectral.envelopes import SAMPLE_RATE as RATE
from latentfm.timbre.spectral.envelopes import harmonics_of
from latentfm.training.corpora.gm_frames import HELD_OUT_PLACES, HELD_OUT_PROGRAMS
from latentfm.training.corpora.gm_notes import PROGRAMS, pitch_of

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "timbres.md"
PICTURES = ROOT / "docs" / "timbres"
NICENESS = 10
PAIRS = 50
TOLERANCE = 0.10
GAIN, GAIN_STEP = 20.0, 0.25  # dB
HEARD_DB = 40.0  # harmonics that are weaker in both parents are not looked at
SHOWN = (("flute", "choir aahs"), ("orchestral harp", "violin"), ("marimba", "clarinet"))
FRESH = 4  # pitches at each of which held-out pairs are drawn, from the pitches that are held out


@dataclass
class Pair:
    """Two notes of one pitch, and what their blends are like."""

    first: int
    second: int
    pitch: int
    found: dict[str, float] = field(default_factory=dict)


def main() -> None:
    """Measure, print, and write the page where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--write", action="store_true", help="write docs/timbres.md and its pictures")
    options = parser.parse_args()
    os.nice(NICENESS)
    logs.configure()
    engine = spectral.load()
    seen, unseen = (measured(engine, options.pairs, held_out=held_out) for held_out in (False, True))
    text = page(seen, unseen, list(keyboards.rows(engine)))
    print(text)
    if options.write:
        PICTURES.mkdir(exist_ok=True)
        for first, second in SHOWN:
            draw(engine, first, second)
        DOCUMENT.write_text(text, encoding="utf-8")


def measured(engine: spectral.SpectralEngine, count: int, *, held_out: bool) -> list[Pair]:
    """Return random pairs, measured: of notes that were learnt from, or of programs and pitches that were not."""
    rng = np.random.default_rng(int(held_out))
    known = [program for program in range(PROGRAMS) if (program in HELD_OUT_PROGRAMS) == held_out]
    pairs: list[Pair] = []
    while len(pairs) < count:
        first, second = (int(one) for one in rng.choice(known, 2, replace=False))
        place = int(rng.choice(HELD_OUT_PLACES[:2]) if held_out else rng.choice([5, 6, 7, 8, 10, 11, 12]))
        pair = Pair(first, second, pitch_of(first, place))
        try:
            pair.found = figures(engine, pair)
        except TimbreError as reason:
            print(f"left out: {name(first)} and {name(second)}: {reason}", file=sys.stderr)
            continue
        pairs.append(pair)
        print(f"{len(pairs)} of {count}", end="\r", file=sys.stderr, flush=True)
    return pairs


def figures(engine: spectral.SpectralEngine, pair: Pair) -> dict[str, float]:
    """Return what is measured of a pair: by how much the blend is outside of its parents, how well they are rebuilt."""
    pitch = pair.pitch
    a, b = (sources.program_note(program, pitch).audio for program in (pair.first, pair.second))
    first, second = (engine.encode(audio, pitch) for audio in (a, b))
    again_a, half, again_b = engine.synthesize([mixed(first, second, mix) for mix in (0.0, 0.5, 1.0)], [pitch] * 3)
    return {
        "centroid": outside(*(np.log(centroid(one, RATE)) for one in (a, half, b)), slack=np.log1p(TOLERANCE)),
        "attack": outside(*(np.log(attack_seconds(one, RATE)) for one in (a, half, b)), slack=np.log1p(TOLERANCE)),
        "harmonics": harmonics_outside(a, half, b, pitch),
        "rebuilt": 0.5 * (log_spectral_distance(a, again_a, RATE) + log_spectral_distance(b, again_b, RATE)),
        "averaged": averaged(a, b),
        "cents": tuning(half, pitch),
    }


def tuning(audio: Mono, pitch: int) -> float:
    """Return how many cents a note is above its pitch; not a number where no pitch is to be heard."""
    try:
        return 100.0 * (detect(audio, RATE).pitch - pitch)
    except TimbreError:
        return np.nan


def outside(first: float, blend: float, second: float, *, slack: float) -> float:
    """Return how far a blend's value is outside of its parents' and what is allowed; 0 if it is not."""
    low, high = sorted((first, second))
    return float(max(0.0, low - slack - blend, blend - high - slack))


def harmonics_outside(a: Mono, half: Mono, b: Mono, pitch: int) -> float:
    """Return the share of the harmonics that are heard whose level is outside of the parents' by over a tenth.

    Loudness is no part of the shape of a spectrum: the blend is as loud as makes most of them fit.
    """
    levels = [harmonic_levels(one, RATE, hertz(pitch), min(40, harmonics_of(pitch))) for one in (a, half, b)]
    heard = np.maximum(levels[0], levels[2]) > -HEARD_DB
    slack = 20 * np.log10(1 + TOLERANCE)
    low, high = np.minimum(levels[0], levels[2]) - slack, np.maximum(levels[0], levels[2]) + slack
    shares = []
    for gain in np.arange(-GAIN, GAIN + GAIN_STEP, GAIN_STEP):
        blend = levels[1] + gain
        shares.append(((blend < low) | (blend > high))[heard].mean())
    return float(min(shares))


def averaged(a: Mono, b: Mono) -> float:
    """Return how far the mean of two waveforms, equally loud, is from them."""
    length = min(len(a), len(b))
    equal = [one[:length] / np.sqrt(np.mean(one[:length] ** 2)) for one in (a, b)]
    mean = (equal[0] + equal[1]).astype(np.float32) / 2
    return 0.5 * sum(log_spectral_distance(one, mean, RATE) for one in (a, b))


def name(program: int) -> str:
    """Return a program's name."""
    return programs.NAMES[program]


def page(seen: list[Pair], unseen: list[Pair], instruments: list[str]) -> str:
    """Return the page."""
    rows = [
        f"| {what} | {_cell(seen, key, how)} | {_cell(unseen, key, how)} |"
        for what, key, how in (
            ("centroid of the 0.5 blend between its parents', or within 10 %", "centroid", "share"),
            ("attack time between its parents', or within 10 %", "attack", "share"),
            (
                "harmonics (within 40 dB of the strongest) between, or within 10 %: mean of the pairs",
                "harmonics",
                "rest",
            ),
            ("pairs of which at least nine harmonics of ten are", "harmonics", "most"),
            ("log-spectral distance of rebuilt parents (blends of 0.0 and 1.0), dB", "rebuilt", "mean"),
            ("the same of the mean of the two waveforms, dB", "averaged", "mean"),
            ("blend out of tune, cents: median (most)", "cents", "tune"),
            ("blends in which no pitch is to be heard", "cents", "none"),
        )
    ]
    pictures = [_shown(first, second) for first, second in SHOWN]
    keys = ["## The instruments that ship", "", keyboards.HEAD, *instruments, "", keyboards.NOTES, ""]
    return "\n".join([_HEAD.format(pairs=len(seen)), *rows, "", _NOTES, "", *keys, _PICTURES, "", *pictures])


def _cell(pairs: list[Pair], key: str, how: str) -> str:
    values = np.array([pair.found[key] for pair in pairs])
    match how:
        case "share":
            return f"{np.mean(values == 0):.0%}"
        case "rest":
            return f"{1 - values.mean():.0%}"
        case "most":
            return f"{np.mean(values <= TOLERANCE):.0%}"
        case "tune":
            return f"{np.nanmedian(np.abs(values)):.1f} ({np.nanmax(np.abs(values)):.1f})"
        case "none":
            return f"{np.isnan(values).sum()}"
        case _:
            return f"{values.mean():.1f}"


def draw(engine: spectral.SpectralEngine, first: str, second: str) -> None:
    """Draw two programs, and the blend between them."""
    pitch = 60
    a, b = (sources.note(one, pitch).audio for one in (first, second))
    half = engine.synthesize([mixed(engine.encode(a, pitch), engine.encode(b, pitch), 0.5)], [pitch])[0]
    panels = [(first, a), ("half and half", half), (second, b)]
    write_rainbows([(title, rainbowgram(audio, RATE)) for title, audio in panels], PICTURES / _file(first, second))


def _file(first: str, second: str) -> str:
    return f"{first} {second}.png".replace(" ", "_")


def _shown(first: str, second: str) -> str:
    return f"![{first}, {second}, and the blend between them](timbres/{_file(first, second)})\n"


_HEAD = """\
# Blends

Written by `make timbres ARGS=--write`: {pairs} random pairs of programs, each at one pitch, blended by the engine that
ships. What is measured is measured of the sound alone (`daemon/latentfm/timbre/descriptors.py`).

| | learnt from | programs and pitches held out |
|---|---|---|"""
_NOTES = """\
An attack lasts from a tenth of the peak of the first second, smoothed over 10 ms, to 3 dB below it: a level that
wobbles may come to the last tenth at any time. Harmonics are compared up to one gain of the whole note, as loudness is
no part of a spectrum's shape: levels below the strongest would rise with any two whose strongest are not the same.
The log-spectral distance is the RMS difference of levels in 48 bands and frames of 43 ms, down to 60 dB below the
loudest."""
_PICTURES = """\
## Rainbowgrams

Brightness is level over 70 dB, colour how far a frequency is from the middle of its fortieth of an octave."""

if __name__ == "__main__":
    main()
