"""A picture of a section: piano roll by voice, form and chords along the top, the walk through latent space."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from latentfm.compose.section import Section
from latentfm.errors import ComposeError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS: Final = {
    "lead": "#c8102e",
    "counter": "#e07b00",
    "pad": "#8fb8de",
    "bass": "#1f3a5f",
    "colour": "#3a9d5d",
    "drums": "#555555",
}
_SHADES: Final = {"statement": "#f4efe4", "answer": "#e6eef5", "variation": "#f6e3e0", "cadence": "#e9f1e4"}
_DRUM_ROWS: Final = {
    36: "kick",
    38: "snare",
    42: "closed hat",
    46: "open hat",
    45: "low tom",
    48: "mid tom",
    50: "high tom",
    49: "crash",
    51: "ride",
}


def draw(section: Section, path: Path) -> None:
    """Draw a section as a PNG.

    Args:
        section: what to draw.
        path: the file to write.

    Raises:
        ComposeError: the file can't be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - half a second, for pictures only
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(22, 10), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 2, height_ratios=(5, 1), width_ratios=(7, 1))
    roll = figure.add_subplot(grid[0, 0])
    drums = figure.add_subplot(grid[1, 0], sharex=roll)
    walk = figure.add_subplot(grid[1, 1])
    _figures(figure.add_subplot(grid[0, 1]), section)
    _roll(roll, section)
    _drums(drums, section)
    _walk(walk, section)
    facts = section.provenance
    figure.suptitle(
        f"{section.title}: {facts['key']}, {section.qpm:g} qpm, {section.seconds:.0f} s, seed {facts['seed']}"
    )
    try:
        figure.savefig(path, format="png", dpi=75, metadata={"Software": "Latent FM"})
    except OSError as error:
        raise ComposeError(f"{path}: can't be written: {error.strerror or error}") from error


def _roles(section: Section) -> dict[int, str]:
    return {info.instrument: info.name for info in section.sequence.instrument_infos}


def _roll(axes: Axes, section: Section) -> None:
    bar, roles = section.form.bar_seconds, _roles(section)
    pitched = [note for note in section.sequence.notes if not note.is_drum]
    low, high = min(note.pitch for note in pitched) - 2, max(note.pitch for note in pitched) + 2
    for unit, facts in zip(section.form.units, section.provenance["form"]["units"], strict=True):
        start = unit.bar * bar
        axes.axvspan(start, start + unit.bars * bar, color=_SHADES[unit.part], zorder=0, linewidth=0)
        axes.text(start + unit.bars * bar / 2, high + 4.2, facts["motif"], ha="center", fontsize=12, weight="bold")
    for number in range(section.form.bars + 1):
        axes.axvline(number * bar, color="#cccccc", linewidth=0.4, zorder=1)
    for annotation in section.sequence.text_annotations:
        axes.text(annotation.time + 0.1, high + 1.5, annotation.text, fontsize=7)
    for instrument, role in roles.items():
        mine = [note for note in pitched if note.instrument == instrument]
        if not mine:
            continue
        axes.barh(
            [note.pitch for note in mine],
            [note.end_time - note.start_time for note in mine],
            left=[note.start_time for note in mine],
            height=0.9 if role == "lead" else 0.7,
            color=_COLOURS[role],
            edgecolor="white",
            linewidth=0.3,
            label=role,
            zorder=2.5 if role == "pad" else 4 if role == "lead" else 3,
        )
    for time, style in ((section.head_seconds, "-"), *((out, "--") for out in section.out_seconds)):
        axes.axvline(time, color="black", linewidth=1.2, linestyle=style, zorder=2)
    octaves = range(-(-low // 12) * 12, high, 12)
    axes.set_yticks(list(octaves), [f"C{pitch // 12 - 1}" for pitch in octaves])
    axes.set_ylim(low, high + 7)
    axes.set_xlim(0, section.sequence.total_time)
    axes.legend(loc="lower right", ncols=5, fontsize=8)


def _figures(axes: Axes, section: Section) -> None:
    """List the figures as aired; those out of their bounds in red."""
    axes.axis("off")
    missed = section.provenance["missed"]
    for row, (name, value) in enumerate(section.provenance["figures"]["aired"].items()):
        axes.text(
            0,
            1 - row / 20,
            f"{name.replace('_', ' ')}: {value:.4g}",
            fontsize=8,
            color="red" if name in missed else "black",
            transform=axes.transAxes,
        )


def _drums(axes: Axes, section: Section) -> None:
    hits = [note for note in section.sequence.notes if note.is_drum]
    rows = [pitch for pitch in _DRUM_ROWS if any(note.pitch == pitch for note in hits)]
    axes.scatter(
        [note.start_time for note in hits if note.pitch in rows],
        [rows.index(note.pitch) for note in hits if note.pitch in rows],
        s=[(note.velocity / 9) ** 2 for note in hits if note.pitch in rows],
        color=_COLOURS["drums"],
        marker="|",
        linewidths=1.5,
    )
    axes.set_yticks(range(len(rows)), [_DRUM_ROWS[pitch] for pitch in rows], fontsize=8)
    axes.set_xlabel("seconds (solid line: head; dashed: where a crossfade may begin)")


def components(points: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return points of a latent space, ``[n, z]``, on their two principal components, ``[n, 2]``."""
    centred = points - points.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    flat = np.zeros((len(points), 2))
    projected = centred @ axes[:2].T
    flat[:, : projected.shape[1]] = projected
    return flat


def _walk(axes: Axes, section: Section) -> None:
    walk = np.array(section.provenance["walk"])
    older = [np.array(motif) for motif in section.carry.motifs if len(motif) == walk.shape[1]]
    flat = components(np.concatenate([walk, np.array(older).reshape(-1, walk.shape[1])]))
    places, past = flat[: len(walk)], flat[len(walk) :]
    axes.scatter(past[:, 0], past[:, 1], s=14, color="#bbbbbb", label="older motifs")
    axes.plot(places[:, 0], places[:, 1], "o-", color=_COLOURS["lead"])
    for letter, (across, up) in zip("ABCD", places, strict=False):
        axes.annotate(letter, (across, up), xytext=(5, 4), textcoords="offset points")
    axes.set_title("latent walk, two principal components", fontsize=8)
    axes.tick_params(labelsize=6)
