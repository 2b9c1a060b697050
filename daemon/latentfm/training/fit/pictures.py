"""Piano rolls for TensorBoard: windows and what the network makes of them, one above the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from latentfm.models.event_rnn.polyphony import events_to_notes
from latentfm.models.events import MelodyNote, events_to_labels, labels_to_notes

Picture = NDArray[np.uint8]
_COLOURS = ("#c0392b", "#2b4a6f", "#5b5750")
Part = list[MelodyNote]


def window_parts(labels: NDArray[Any], representation: str) -> list[Part]:
    """Return the notes of a MusicVAE's window: one part, or a trio's three; drums by their class as pitch."""
    if representation == "trio":
        return [*(labels_to_notes(labels[:, part]) for part in range(2)), _drums(labels[:, 2])]
    return [_drums(labels) if representation == "drums" else labels_to_notes(labels)]


def event_parts(events: Sequence[int], representation: str) -> list[Part]:
    """Return the notes of an event RNN's sequence."""
    if representation == "drums":
        return [_drums(events)]
    if representation == "polyphony":
        return [events_to_notes(list(events))]
    return [labels_to_notes(events_to_labels(events))]


def draw(rows: Sequence[tuple[str, list[Part]]], steps: int, bar: int) -> Picture:
    """Draw rolls one above the other, RGB ``[height, width, 3]``.

    Args:
        rows: a caption and the parts of each roll.
        steps: that a roll is wide.
        bar: steps between two bar lines.
    """
    figure = Figure(figsize=(8, 1.3 * len(rows)), dpi=80)
    canvas = FigureCanvasAgg(figure)
    for place, (caption, parts) in enumerate(rows):
        axes = figure.add_subplot(len(rows), 1, place + 1)
        for colour, part in zip(_COLOURS, parts, strict=False):
            for note in part:
                axes.barh(note.pitch, note.length - 0.15, left=note.onset, height=0.9, color=colour, align="center")
        axes.set_xlim(0, steps)
        axes.set_xticks(range(0, steps + 1, bar))
        axes.set_ylabel(caption, fontsize=7)
        axes.tick_params(labelsize=6)
        axes.grid(axis="x", linewidth=0.5)
    figure.tight_layout(pad=0.4)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _drums(labels: Sequence[int] | NDArray[Any]) -> Part:
    return [
        MelodyNote(step, 1, drum)
        for step, label in enumerate(map(int, labels))
        for drum in range(9)
        if label >> drum & 1
    ]
