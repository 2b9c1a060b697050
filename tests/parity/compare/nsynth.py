"""NSynth beside Magenta: what our importer and decoder make of what `oracle/nsynth.py` computed."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from row import Row  # beside this file

from latentfm.models.card import read_card
from latentfm.models.nsynth import CONFIGURATIONS, NSynth, NSynthFacts
from latentfm.models.nsynth.decoder import Decoder
from latentfm.models.nsynth.mu_law import SILENCE, labels_of
from latentfm.models.playable import Steps, choose

if (support := str(Path(__file__).resolve().parents[2] / "support")) not in sys.path:
    sys.path.append(support)  # the oracle reads the same

import nsynth_checkpoints
import nsynth_weights

CONFIG = "wavenet"
BOUND = 1e-3
SEED = 0


def rows(folder: Path) -> Iterator[Row]:
    """Import the checkpoint in a folder, and compare what it plays with what Magenta computed."""
    with tempfile.TemporaryDirectory() as playables, np.load(folder / "numbers.npz") as numbers:
        yield from compare(imported(folder / "wavenet-ckpt.tar", Path(playables)), dict(numbers))


def published(numbers: dict[str, Any], folder: Path) -> Path:
    """Write the checkpoint that the numbers were computed with as the published one is kept; return the tar."""
    from latentfm.training.networks.nsynth_variables import variable_shapes  # noqa: PLC0415

    weights = nsynth_weights.draw(variable_shapes(facts_of(numbers)), SEED)
    if nsynth_weights.checksum(weights) != numbers["weights"]:
        raise ValueError(
            "NumPy draws other weights than the fixture's: make it anew with tests/parity/oracle/nsynth.py"
        )
    return nsynth_checkpoints.packed(weights, folder)


def facts_of(numbers: dict[str, Any]) -> NSynthFacts:
    """Return the facts of the network that the numbers were computed with."""
    width, skip_width, encoder_width = numbers["widths"].tolist()
    return CONFIGURATIONS[CONFIG].facts(width=width, skip_width=skip_width, encoder_width=encoder_width)


def imported(checkpoint: Path, into: Path, precision: Any = "float32") -> NSynth:
    """Import a checkpoint, which is told by its variables alone."""
    from latentfm.training.importing import Wish, import_checkpoint  # noqa: PLC0415 - needs TensorFlow

    import_checkpoint(checkpoint, into, Wish(precision, precision=precision))
    return played(into / f"{precision}.json")


def played(path: Path, threads: int = 1) -> NSynth:
    """Load the playable of a card."""
    card = read_card(path)
    if not isinstance(card.model, NSynthFacts):
        raise TypeError(f"{path} describes {card.model.kind}")
    return NSynth(card.model, Steps(path.with_suffix(".tflite"), card.sha256, threads))


def compare(model: NSynth, numbers: dict[str, Any]) -> Iterator[Row]:
    """Compare a model with the numbers that Magenta computed from the same weights."""
    audio = numbers["audio"].astype(np.float32) / 32768
    yield Row(CONFIG, "codes", _distance(model.encode(audio), numbers["codes"]), BOUND)
    steps = numbers["logit_steps"]
    logits = model.logits(numbers["codes"], labels_of(audio[:, : steps[-1] + 1]))[:, steps]
    yield Row(CONFIG, "teacher-forced logits", _distance(logits, numbers["logits"]), BOUND)
    for kind, uniforms in (("likeliest", None), ("drawn", numbers["uniforms"])):
        found = _draw(model, numbers["codes"], numbers[kind].shape[1], uniforms)
        yield Row(CONFIG, f"{kind} samples that differ", float((found != numbers[kind]).sum()), 0)


def _draw(model: NSynth, codes: Any, samples: int, uniforms: Any) -> Any:
    """Return labels ``[n, samples]`` drawn from numbers ``[samples, n]``, the likeliest without them."""
    decoder = Decoder(model.facts, model.steps, codes)
    labels = np.empty((len(codes), samples), np.uint8)
    before = np.full(len(codes), SILENCE)
    for position in range(samples):
        numbers = np.zeros(len(codes)) if uniforms is None else uniforms[position]
        before = labels[:, position] = choose(decoder.next(before), float(uniforms is not None), numbers)
    return labels


def _distance(ours: Any, theirs: Any) -> float:
    return float(np.abs(ours.astype(np.float64) - theirs).max())
