"""Measure what the moods sound like: `make sound`. Writes docs/moods.md.

Some sections of each mood are composed, rendered and mastered; of the first one each voice is also rendered by itself.
The figures say whether moods differ, whether each voice is where its playlist puts it, whether a mix survives in mono,
where it is loudest, and whether loudness is what was asked for. Each section is rendered
without its blended instruments too, as it sounds before they are made. Uses one core, niced.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np

from latentfm.audio import gate, loudness
from latentfm.audio.pcm import SAMPLE_RATE, Pcm, seconds_to_frames
from latentfm.brief import Brief
from latentfm.compose import Section, compose
from latentfm.config import find_playlist, load_config, load_playlist, playlist_names
from latentfm.errors import GateError
from latentfm.noteseq import NoteSequence
from latentfm.ops import logs
from latentfm.playlist import Playlist
from latentfm.render.master import master
from latentfm.render.render import render
from latentfm.sources import sources_of
from latentfm.timbre.voicing import unblended, voiced

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "moods.md"
NICENESS = 10
WINDOW = 8192  # frames of a spectrum
BANDS = (0.0, 250.0, 2000.0, SAMPLE_RATE / 2)  # Hz: low, middle, high
SMOOTH = 40  # values of the short-term loudness, 4 s, over which the loudest place is looked for
SHORT_TERM = 1.5  # seconds from the start of a short-term window to its middle
LOUDNESS_RANGE = (10, 95)  # percentiles, as EBU Tech 3342 has them
RANGE_GATE = -20.0  # LU


@dataclass(frozen=True)
class Sound:
    """What one section sounds like; every field is a row of the table."""

    tempo: float
    onsets: float
    lead: float
    centroid: float
    low: float
    middle: float
    high: float
    correlation: float
    mono: float
    range: float
    loudest: float
    seam: float
    reduction: float
    error: float
    peak: float
    refused: bool


ROWS = {
    "tempo": ("quarter notes a minute", "{:.0f}"),
    "onsets": ("onsets a second, all voices", "{:.1f}"),
    "lead": ("middle pitch of the lead, MIDI", "{:.0f}"),
    "centroid": ("spectral centroid, Hz", "{:.0f}"),
    "low": ("energy below 250 Hz, dB of the whole", "{:.1f}"),
    "middle": ("energy from 250 Hz to 2 kHz, dB", "{:.1f}"),
    "high": ("energy above 2 kHz, dB", "{:.1f}"),
    "correlation": ("correlation of left and right", "{:.2f}"),
    "mono": ("level in mono, dB", "{:.1f}"),
    "range": ("loudness range, LU", "{:.1f}"),
    "loudest": ("loudest place, share of the section", "{:.2f}"),
    "seam": ("intro and outro against the body, LU", "{:.1f}"),
    "reduction": ("limiter's largest reduction, dB", "{:.1f}"),
    "error": ("loudness against what was asked, LU", "{:.2f}"),
    "peak": ("true peak, dBTP", "{:.1f}"),
}
CHANGES = {
    "centroid": ("spectral centroid, change in %", "{:+.0f}"),
    "middle": ("energy from 250 Hz to 2 kHz, change in dB", "{:+.1f}"),
    "high": ("energy above 2 kHz, change in dB", "{:+.1f}"),
    "mono": ("level in mono, change in dB", "{:+.1f}"),
    "range": ("loudness range, change in LU", "{:+.1f}"),
    "reduction": ("limiter's largest reduction, change in dB", "{:+.1f}"),
}


def spectrum(pcm: Pcm) -> tuple[float, list[float]]:
    """Return the centroid in Hz, louder moments counting more, and the energy of each band in dB of the whole."""
    mono = pcm.mean(axis=1)
    frames = mono[: len(mono) // WINDOW * WINDOW].reshape(-1, WINDOW) * np.hanning(WINDOW)
    magnitudes = np.abs(np.fft.rfft(frames, axis=1))
    frequencies = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
    power = (magnitudes**2).mean(axis=0)
    shares = [
        10 * np.log10(power[(frequencies >= low) & (frequencies < high)].sum() / power.sum())
        for low, high in pairwise(BANDS)
    ]
    return float((magnitudes @ frequencies).sum() / magnitudes.sum()), [float(share) for share in shares]


def mean_of(levels: np.ndarray) -> float:
    """Return the mean loudness of some values in LUFS."""
    return float(10 * np.log10(np.mean(10 ** (levels / 10))))


def loudness_range(levels: np.ndarray) -> float:
    """Return the loudness range in LU (EBU Tech 3342)."""
    audible = levels[levels > -70]  # noqa: PLR2004 - LUFS, the standard's absolute gate
    kept = audible[audible > mean_of(audible) + RANGE_GATE]
    low, high = np.percentile(kept, LOUDNESS_RANGE)
    return float(high - low)


def measure(section: Section, playlist: Playlist) -> Sound:
    """Render a section and measure it."""
    target = load_config(environ={}).station.loudness + playlist.mix.loudness_offset
    pcm, report = master(render(section.sequence, playlist), target)
    levels = loudness.short_term(pcm)
    times = np.arange(len(levels)) * loudness.HOP_SECONDS + SHORT_TERM
    body = (times > section.head_seconds) & (times < section.out_seconds[0])
    alone = (times < section.head_seconds) | ((times > section.out_seconds[0]) & (times < section.seconds))
    smooth = np.convolve(np.pad(levels, SMOOTH // 2, "edge"), np.ones(SMOOTH) / SMOOTH, "same")[SMOOTH // 2 :]
    left, right = pcm.astype(np.float64).T
    powers = float(left @ left), float(right @ right)
    centroid, bands = spectrum(pcm)
    leads = [note.pitch for note in section.sequence.notes if playlist.voices[note.instrument].role == "lead"]
    middle = (left + right) / 2
    return Sound(
        tempo=section.qpm,
        onsets=len(section.sequence.notes) / section.seconds,
        lead=float(np.median(leads)),
        centroid=centroid,
        low=bands[0],
        middle=bands[1],
        high=bands[2],
        correlation=float(left @ right) / float(np.sqrt(powers[0] * powers[1])),
        mono=float(10 * np.log10(2 * (middle @ middle) / sum(powers))),
        range=loudness_range(levels),
        loudest=float(times[body][np.argmax(smooth[: len(times)][body])]) / section.seconds,
        seam=mean_of(levels[alone]) - mean_of(levels[body]),
        reduction=report.max_reduction_db,
        error=report.lufs - target,
        peak=report.true_peak,
        refused=refused(pcm, target - report.shortfall, playlist),
    )


def refused(pcm: Pcm, lufs: float, playlist: Playlist) -> bool:
    """Return whether the gate refuses a take, and say why."""
    try:
        gate.check(pcm, frames=len(pcm), lufs=lufs, max_silence=playlist.mix.max_silence)
    except GateError as reason:
        print(f"{playlist.name}: {reason}", flush=True)
        return True
    return False


@dataclass
class Mood:
    """What was measured of one mood.

    Attributes:
        blended: its sections as they ship.
        plain: the same without blended instruments.
        others: how many of these have other notes.
        levels: how loud each voice of the first section is.
    """

    blended: list[Sound] = field(default_factory=list)
    plain: list[Sound] = field(default_factory=list)
    others: int = 0
    levels: dict[str, str] = field(default_factory=dict)


def measured(written: Playlist, seeds: int) -> Mood:
    """Make sections of a mood and measure them."""
    mood, blended, plain = Mood(), voiced(written), unblended(written)
    anchors = sources_of(blended).anchors
    for seed in range(1, seeds + 1):
        one, other = (compose(Brief(seed=seed, playlist=voices, anchors=anchors)) for voices in (blended, plain))
        mood.others += notes(one) != notes(other)
        mood.blended.append(measure(one, blended))
        mood.plain.append(measure(other, plain))
        print(written.name, seed, asdict(mood.blended[-1]), flush=True)
        mood.levels = mood.levels or levels(one, blended)
    return mood


def notes(section: Section) -> list[tuple[int, int, int, float, float]]:
    """Return what is played, whatever it is played on."""
    return [
        (note.instrument, note.pitch, note.velocity, note.start_time, note.end_time) for note in section.sequence.notes
    ]


def change(field: str, blended: Sound, plain: Sound) -> float:
    """Return what the blends change of a figure."""
    before, after = getattr(plain, field), getattr(blended, field)
    return float(100 * (after / before - 1) if field == "centroid" else after - before)


def spread(values: Sequence[float], form: str) -> str:
    """Return the middle value, and in brackets the least and the most."""
    ends = " to ".join(dict.fromkeys(form.format(value) for value in (min(values), max(values))))
    return f"{form.format(float(np.median(values)))} ({ends})"


def levels(section: Section, playlist: Playlist) -> dict[str, str]:
    """Return how loud each voice is in the body, in LU against the lead."""
    first, after = seconds_to_frames(section.head_seconds), seconds_to_frames(section.out_seconds[0])
    heard: dict[str, float] = {}
    for index, voice in enumerate(playlist.voices):
        alone = NoteSequence()
        alone.CopyFrom(section.sequence)
        del alone.notes[:]
        alone.notes.extend(note for note in section.sequence.notes if note.instrument == index)
        heard[voice.role] = loudness.integrated(render(alone, playlist)[first:after])
    return {role: f"{level - heard['lead']:+.1f}" for role, level in heard.items()}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def page(moods: dict[str, Mood], seeds: int) -> str:
    """Return the document."""
    rows = [
        [title, *(spread([getattr(sound, name) for sound in mood.blended], form) for mood in moods.values())]
        for name, (title, form) in ROWS.items()
    ]
    roles = list(dict.fromkeys(role for mood in moods.values() for role in mood.levels))
    by_role = [[role, *(mood.levels.get(role, "") for mood in moods.values())] for role in roles]
    return (
        "# What the moods sound like\n\n"
        f"Measured by `make sound`: {seeds} sections of each mood, rendered and mastered. The middle value, and in "
        "brackets the\nleast and the most.\n\n"
        + table(["", *moods], rows)
        + "\nWith the blended instruments, against the same sections without them (each played by the nearer of its "
        "sounds):\n\n"
        + table(["", *moods], list(against_plain(moods)))
        + "\nEach voice by itself between intro and outro, in LU against the lead, in the first section:\n\n"
        + table(["", *moods], by_role)
    )


def against_plain(moods: dict[str, Mood]) -> Iterator[list[str]]:
    """Yield the rows of what the blends change."""
    for name, (title, form) in CHANGES.items():
        pairs = (zip(mood.blended, mood.plain, strict=True) for mood in moods.values())
        yield [title, *(spread([change(name, *pair) for pair in mood], form) for mood in pairs)]
    yield ["sections whose notes differ", *(str(mood.others) for mood in moods.values())]
    for title, plain in (("refused by the gate, with blends", False), ("refused by the gate, without", True)):
        sounds = (mood.plain if plain else mood.blended for mood in moods.values())
        yield [title, *(f"{sum(one.refused for one in every)} of {len(every)}" for every in sounds)]


def main() -> int:
    """Measure the moods and write the document; return 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="sections of each mood")
    seeds = parser.parse_args().seeds
    os.nice(NICENESS)
    logs.configure("error")
    config = load_config(environ={})
    moods = {name: measured(load_playlist(find_playlist(config, name)), seeds) for name in playlist_names(config)}
    DOCUMENT.write_text(page(moods, seeds), encoding="utf-8")
    print(DOCUMENT.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
