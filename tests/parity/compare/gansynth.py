"""GANSynth beside Magenta: what our importer, network and transform make of what `oracle/gansynth.py` wrote.

    python tests/parity/compare/gansynth.py FOLDER

imports a small model in a folder into ``FOLDER/playables``: one that is tested without TensorFlow.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from row import Row  # beside this file

from latentfm.models.card import read_card
from latentfm.models.gansynth import GANSynth, GanSynthFacts
from latentfm.models.playable import Steps

SPECTROGRAM = 1e-3
SOUND = -60.0  # dB of the sound itself
PLAYABLES = ("grown",)


def rows(folder: Path) -> Iterator[Row]:
    """Import each archive in a folder, and compare what it plays with what Magenta generated."""
    from latentfm.training.importing import import_checkpoint  # noqa: PLC0415 - needs TensorFlow

    for archive in sorted(folder.glob("*.zip")):
        with tempfile.TemporaryDirectory() as playables:
            entry = import_checkpoint(archive, Path(playables))
            model = played(entry.path.with_suffix(".json"))
            with np.load(archive.with_suffix(".npz")) as numbers:
                yield from compare(archive.stem, model, dict(numbers))


def imported(layout: Path, into: Path) -> GANSynth:
    """Draw the training that a layout tells of once more, and import it."""
    from latentfm.training.importing import import_checkpoint  # noqa: PLC0415 - needs TensorFlow

    with tempfile.TemporaryDirectory() as folder:
        entry = import_checkpoint(drawn(layout, Path(folder)), into)
    return played(entry.path.with_suffix(".json"))


def drawn(layout: Path, folder: Path) -> Path:
    """Write the folder of a training as Magenta had it, with every variable; return it."""
    import tensorflow as tf  # noqa: PLC0415

    said = json.loads(layout.read_text(encoding="utf-8"))
    training = folder / layout.stem
    stage = training / f"stage_{said['stage']:05d}"
    stage.mkdir(parents=True)
    (training / "experiment.json").write_text(json.dumps(said["experiment"]), encoding="utf-8")
    if said["statistics"]:
        (training / "assets").mkdir()
        normaliser = training / "assets" / f"{said['experiment']['data_normalizer']}.npz"
        np.savez(normaliser, normalizer=np.asarray(said["statistics"]))
    variables = _variables()
    counted = {variables.STEP: np.int64(said["images"]), variables.TIME: np.float32(0)}
    values = {
        name: tf.Variable(counted[name] if name in counted else variables.draw(name, tuple(shape), said["seed"]))
        for name, shape in said["shapes"].items()
    }
    saver = tf.compat.v1.train.Saver(values)
    saver.save(None, str(stage / f"model.ckpt-{said['images']}"), write_meta_graph=False)
    return training


def played(path: Path) -> GANSynth:
    """Load the playable of a card."""
    card = read_card(path)
    if not isinstance(card.model, GanSynthFacts):
        raise TypeError(f"{path} describes {card.model.kind}")
    return GANSynth(card.model, Steps(path.with_suffix(".tflite"), card.sha256))


def compare(name: str, model: GANSynth, numbers: dict[str, Any]) -> Iterator[Row]:
    """Compare a model with what Magenta generated from the same checkpoint."""
    pitches = numbers["pitches"].tolist()
    spectrogram = model.spectrogram(numbers["z"], pitches)
    yield Row(name, "spectrogram", float(np.abs(spectrogram - numbers["spectrogram"]).max()), SPECTROGRAM)
    for figure, sound in (
        ("sound, dB of it", model.synthesize(numbers["z"], pitches)),
        ("sound of Magenta's spectrogram, dB of it", model.sound(numbers["spectrogram"])),
    ):
        yield Row(name, figure, _decibels(sound, numbers["audio"]), SOUND)


def _decibels(ours: Any, theirs: Any) -> float:
    """Return how loud the difference is beside the sound, of the note where that is most."""
    powers = [np.square(part.astype(np.float64)).mean(axis=1) for part in (ours - theirs, theirs)]
    return float(10 * np.log10((powers[0] / powers[1]).max()))


def _variables() -> Any:
    """Return the module that draws variables, on the oracle's side."""
    path = Path(__file__).parents[1] / "oracle" / "gansynth_variables.py"
    spec = importlib.util.spec_from_file_location("gansynth_variables", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} can't be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    fixtures = Path(sys.argv[1])
    for one in PLAYABLES:
        imported(fixtures / f"{one}.json", fixtures / "playables")
