"""Converters beside Magenta's: what ours make of what `oracle/music_vae_converters.py` wrote, without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from row import Row  # beside this file

from latentfm.models.events import Labels
from latentfm.models.music_vae import CONFIGURATIONS, VaeFacts
from latentfm.models.music_vae.converters import Converter, converter_of
from latentfm.models.music_vae.inputs import decoder_outputs, encoder_inputs
from latentfm.noteseq import NoteSequence

LIMITS = {"infer": None, "limited": 5}


def rows(path: Path) -> Iterator[Row]:
    """Convert each NoteSequence, and each window back, and count what is not as Magenta's."""
    with np.load(path) as arrays:
        kept = dict(arrays)
    sequences = {key.partition("/")[2]: _sequence(value) for key, value in kept.items() if key.startswith("sequence/")}
    for config in sorted({key.partition("/")[0] for key in kept} - {"sequence"}):
        name, _, quarters = config.partition(", ")
        steps = 4 * int(quarters or 4)
        converter, facts = converter_of(CONFIGURATIONS[name], steps), CONFIGURATIONS[name].facts(steps_per_bar=steps)
        differ = windows = 0
        for mode, limit in LIMITS.items():
            for title, sequence in sequences.items():
                theirs = [kept[f"{config}/{mode}/{title}/{side}"] for side in ("inputs", "outputs")]
                ours = _tensors(converter.windows(sequence, limit), facts)
                windows += len(theirs[0])
                differ += sum(_differ(*pair) for pair in zip(ours, theirs, strict=True))
        yield Row(config, f"tensors that differ, of {windows} windows", float(differ), 0)
        yield Row(config, "NoteSequences that differ", float(_backwards(config, converter, facts, kept)), 0)


def _tensors(windows: list[Labels], facts: VaeFacts) -> tuple[Any, Any]:
    if not windows:
        return np.zeros((0,)), np.zeros((0,))
    stacked = np.stack(windows)
    return encoder_inputs(stacked, facts), decoder_outputs(stacked, facts)


def _differ(ours: Any, theirs: Any) -> int:
    if len(ours) != len(theirs):
        return max(len(ours), len(theirs))
    return sum(not np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True))


def _backwards(config: str, converter: Converter, facts: VaeFacts, kept: dict[str, Any]) -> int:
    """Count the windows whose NoteSequence is another than Magenta's: those of music, and labels drawn at random."""
    differ = 0
    for key, packed in kept.items():
        if not key.startswith(f"{config}/") or "/back/" not in key:
            continue
        where, _, index = key.rpartition("/back/")
        if where == f"{config}/random":
            labels = kept[f"{where}/labels"][int(index)]
            labels = labels if labels.shape[1] > 1 else labels[:, 0]
        else:
            labels = _labels(kept[f"{where}/outputs"][int(index)], facts)
        differ += converter.sequence(labels) != _sequence(packed)
    return differ


def _labels(outputs: Any, facts: VaeFacts) -> Labels:
    parts = np.split(outputs, np.cumsum(facts.output_depths)[:-1], axis=-1)
    labels = np.stack([part.argmax(axis=-1) for part in parts], axis=-1).astype(np.int16)
    return labels if len(parts) > 1 else labels[:, 0]


def _sequence(packed: Any) -> NoteSequence:
    found = NoteSequence()
    found.ParseFromString(packed.tobytes())
    return found
