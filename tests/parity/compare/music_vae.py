"""MusicVAE beside Magenta: what our importer, networks and converters make of what `oracle/music_vae.py` wrote.

    python tests/parity/compare/music_vae.py FOLDER

imports a few of the checkpoints in a folder into ``FOLDER/playables``: those that are tested without TensorFlow.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from converters import rows as converter_rows  # beside this file
from row import Row  # beside this file

from latentfm.models.card import read_card
from latentfm.models.music_vae import MusicVAE, VaeFacts
from latentfm.models.playable import Steps

MOMENTS = 1e-4
LOGITS = 1e-3
PLAYABLES = ("cat-mel_2bar_small", "hier-mel_16bar", "hierdec-trio_16bar")


def rows(folder: Path) -> Iterator[Row]:
    """Import each checkpoint in a folder, and compare what it plays with what Magenta computed."""
    yield from converter_rows(folder / "converters.npz")
    for numbers in sorted(folder.glob("*/numbers.npz")):
        with tempfile.TemporaryDirectory() as playables:
            model = imported(numbers.parent, Path(playables))
            with np.load(numbers) as arrays:
                yield from compare(numbers.parent.name, model, dict(arrays))


def imported(folder: Path, into: Path) -> MusicVAE:
    """Import the checkpoint in a folder that is named after its configuration."""
    from latentfm.training.importing import Wish, import_checkpoint  # noqa: PLC0415 - needs TensorFlow

    source = folder / "model.tar"
    wish = Wish(name=folder.name, config=folder.name)
    import_checkpoint(source if source.is_file() else folder, into, wish)
    return played(into / f"{folder.name}.json")


def played(path: Path) -> MusicVAE:
    """Load the playable of a card."""
    card = read_card(path)
    if not isinstance(card.model, VaeFacts):
        raise TypeError(f"{path} describes {card.model.kind}")
    return MusicVAE(card.model, Steps(path.with_suffix(".tflite"), card.sha256))


def compare(name: str, model: MusicVAE, numbers: dict[str, Any]) -> Iterator[Row]:
    """Compare a model with the numbers that Magenta computed from the same checkpoint."""
    labels = _own(numbers["labels"])
    mu, sigma = model.encode(labels)
    yield Row(name, "mu", _distance(mu, numbers["mu"]), MOMENTS)
    yield Row(name, "sigma", _distance(sigma, numbers["sigma"]), MOMENTS)
    logits = model.logits(numbers["z"], labels)[:, numbers["logit_steps"]]
    yield Row(name, "teacher-forced logits", _distance(logits, numbers["logits"]), LOGITS)
    for kind, temperature in (("likeliest", 0.0), ("drawn", 1.0)):
        found = model.decode_by(numbers["z"], numbers["uniforms"], temperature).labels
        differ = float((found != _own(numbers[kind])).sum())
        yield Row(name, f"{kind} labels that differ", differ, 0)


def _own(labels: Any) -> Any:
    """Return labels as our models take them: of one part without an axis for it."""
    return labels if labels.shape[-1] > 1 else labels[..., 0]


def _distance(ours: Any, theirs: Any) -> float:
    return float(np.abs(ours.astype(np.float64) - theirs).max())


if __name__ == "__main__":
    fixtures = Path(sys.argv[1])
    for one in PLAYABLES:
        imported(fixtures / one, fixtures / "playables")
