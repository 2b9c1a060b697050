"""What Latent FM exports, beside what Magenta computes with it: see `tests/parity/oracle/exports.py`.

    python tests/parity/compare/exports.py FOLDER [TRAINING …] [--only CONFIGURATION …]

prepares a folder for the oracle: it exports the trainings, or without any, networks drawn at random. The comparison in
full size trains some itself, by the commands that a user has, on the music of the guide (`scripts/practice_music.py`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from row import Row  # beside this file

from latentfm.models.event_rnn import CONFIGURATIONS as RNNS
from latentfm.models.event_rnn import EventRNN, RnnFacts
from latentfm.models.event_rnn.encodings import encoding_of
from latentfm.models.event_rnn.walk import Walk
from latentfm.models.music_vae import CONFIGURATIONS as VAES
from latentfm.models.music_vae import MusicVAE, VaeFacts
from latentfm.models.playable import Steps
from latentfm.training.checkpoints.read import read_checkpoint
from latentfm.training.checkpoints.recognise import identify, network_shapes
from latentfm.training.exporting import export
from latentfm.training.importing import Wish, import_checkpoint
from latentfm.training.networks.cells import Weights

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
STEPS = 64
SEED = 7
DRAWN = (*RNNS, *VAES)
FULL = (*RNNS, "cat-mel_2bar_small", "cat-drums_2bar_small")  # others stay small at any time: shapes are tried
UNITS, Z_SIZE = 16, 8
SHORT = ("--recipe", "small", "--batch-size", "16", "--steps", "60", "--evaluate-every", "60")
TRAINED = {  # music, what is taken of it, and sizes
    "attention_rnn": ("songs", ("--program", "33"), ("--layers", "64,64", "--length", "32")),
    "drum_kit": ("drums", (), ("--layers", "64,64,64", "--length", "32")),
    "cat-drums_2bar_small": ("drums", (), ("--layers", "64,64", "--encoder", "64", "--z-size", "16")),
}
MELODY = [60, -2, 62, 64, -2, -1, 67, -2, 72, 71, 69, 67, 65, -2, 64, -2]


def prepare(folder: Path, trainings: Sequence[Path] = (), only: Sequence[str] = DRAWN, *, full: bool = False) -> None:
    """Export, and draw the inputs that both sides are given; ``full`` networks have the sizes that Magenta gives."""
    listed: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:
        if full:
            trainings = (*trainings, *_trained(Path(temporary)))
            only = DRAWN
        for source, config in _sources(trainings, only, Path(temporary), full=full):
            match = identify(read_checkpoint(source), config)
            name = source.name
            ending = "tar" if isinstance(match.facts, VaeFacts) else "mag"
            exported = export(source, folder / f"{name}.{ending}", match.config)
            rng = np.random.default_rng(SEED)
            given = _vae_inputs(match.facts, rng) if isinstance(match.facts, VaeFacts) else _rnn_inputs(match.facts)
            np.savez_compressed(folder / f"{name}.given.npz", **given)
            listed.append(
                {"name": name, "file": exported.path.name, "config": exported.config, "sizes": exported.sizes}
            )
    (folder / "exports.json").write_text(json.dumps(listed, indent=1) + "\n")


def rows(folder: Path) -> Iterator[Row]:
    """Import each export again, and compare what it plays with what Magenta computed."""
    for one in json.loads((folder / "exports.json").read_text()):
        given = dict(np.load(folder / f"{one['name']}.given.npz"))
        magenta = dict(np.load(folder / f"{one['name']}.magenta.npz"))
        with tempfile.TemporaryDirectory() as temporary:
            wish = Wish(name="again", config=one["config"])
            entry = import_checkpoint(folder / one["file"], Path(temporary), wish)
            steps = Steps(entry.path, entry.card.sha256)
            facts = entry.card.model
            compare = _vae_figures if isinstance(facts, VaeFacts) else _rnn_figures
            for figure, value, bound in compare(facts, steps, given, magenta):
                yield Row(f"exported {one['name']}", figure, value, bound)


def _sources(
    trainings: Sequence[Path], only: Sequence[str], temporary: Path, *, full: bool
) -> Iterator[tuple[Path, str | None]]:
    yield from ((training, None) for training in trainings)
    for index, name in enumerate(() if trainings and not full else only):
        weights = Weights(network_shapes(_sized(name, full=full and name in FULL)))
        rng = np.random.default_rng(index)
        for own, variable in weights.items():
            variable.assign(rng.normal(0, _scale(own, variable.shape), variable.shape).astype(np.float32))
        prefix = temporary / name / "model.ckpt"
        prefix.parent.mkdir()
        tf.compat.v1.train.Saver(dict(weights)).save(None, str(prefix), write_meta_graph=False)
        yield prefix.parent, name


def _trained(folder: Path) -> Iterator[Path]:
    """Train, as a user does, and return the folders of the runs."""
    subprocess.run([sys.executable, str(SCRIPTS / "practice_music.py")], cwd=folder, check=True)
    for config, (music, taken, sizes) in TRAINED.items():
        run = f"trained_{config}"
        for command in (
            ("dataset", "build", f"music/{music}", f"sets/{music}"),
            ("dataset", "examples", f"sets/{music}", f"sets/{config}", "--model", config, *taken),
            ("train", config, "--data", f"sets/{config}", "--run", run, "--name", run, *sizes, *SHORT),
        ):
            environ = {**os.environ, "LATENTFM_MODELS": str(folder / "models"), "TF_CPP_MIN_LOG_LEVEL": "3"}
            latentfm = [sys.executable, "-W", "ignore", "-m", "latentfm", *command]
            subprocess.run(latentfm, cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL)
        yield folder / run


def _scale(name: str, shape: Sequence[int]) -> float:
    """Return the scale that a trained variable has."""
    if len(shape) == 1:
        return 0.3
    gain = 6.0 if name.endswith(("fully_connected/weights", "decoder/output_projection/kernel")) else 1.5
    if "attention_cell_wrapper/att" in name:
        gain = 1.0  # attention feeds back without bounds: higher is chaos
    return float(gain / np.sqrt(np.prod(shape[:-1])))


def _sized(name: str, *, full: bool) -> VaeFacts | RnnFacts:
    if name in VAES:
        sizes = VAES[name].hyperparameters
        small = [(UNITS,) * len(layers) for layers in (sizes.enc_rnn_size, sizes.dec_rnn_size)]
        return VAES[name].facts() if full else VAES[name].facts(Z_SIZE, *small)
    usual = RNNS[name].hyperparameters
    layers, length = usual.rnn_layer_sizes, usual.attn_length
    # a checkpoint does not say how long its attention is, so it is the configuration's
    return RNNS[name].facts(layers if full else (UNITS,) * len(layers), length)


def _events(facts: RnnFacts) -> list[Any]:
    if facts.representation == "drums":
        return [frozenset(np.flatnonzero(row).tolist()) for row in _drum_rows()]
    return MELODY


def _drum_rows() -> NDArray[np.bool_]:
    rng = np.random.default_rng(SEED)
    rows = np.zeros((len(MELODY), 128), bool)
    for pitch, share in ((36, 0.4), (38, 0.2), (42, 0.5), (46, 0.1)):
        rows[:, pitch] = rng.random(len(rows)) < share
    return rows


def _rnn_inputs(facts: RnnFacts) -> dict[str, Any]:
    size = encoding_of(facts).input_size
    return {
        "inputs": np.eye(size, dtype=np.float32)[np.random.default_rng(SEED).integers(0, size, (1, STEPS))],
        "primer": _drum_rows() if facts.representation == "drums" else np.array(MELODY),
        "uniforms": np.random.default_rng(SEED).random((STEPS, 1)),
    }


def _rnn_figures(
    facts: RnnFacts, steps: Steps, given: dict[str, Any], magenta: dict[str, Any]
) -> Iterator[tuple[str, float, float]]:
    walk = Walk(facts, steps)
    logits = np.concatenate([walk.step(given["inputs"][:, step]) for step in range(STEPS)]).astype(np.float64)
    softmax = np.exp(logits - logits.max(axis=1, keepdims=True))
    softmax /= softmax.sum(axis=1, keepdims=True)
    yield "softmax, 64 steps", float(np.abs(softmax - magenta["softmax"][0]).max()), 1e-4
    if "drawn" not in magenta:
        return  # what follows chords or plays voices is compared event by event in `event_rnn`
    model, primer = EventRNN(facts, steps), _events(facts)
    for figure, temperature in (("likeliest", 0.0), ("drawn", 1.0)):
        drawn = model.continue_primer(primer, STEPS, np.random.default_rng(SEED), temperature)[0].events
        theirs = magenta[figure]
        if facts.representation == "drums":
            theirs = [frozenset(np.flatnonzero(row).tolist()) for row in theirs]
        unlike = sum(ours != other for ours, other in zip(drawn, theirs, strict=True))
        yield f"events that differ, {figure}", float(unlike), 0.0


def _vae_inputs(facts: VaeFacts, rng: np.random.Generator) -> dict[str, Any]:
    depths = facts.output_depths
    parts = [rng.integers(0, depth, (4, facts.steps)) for depth in depths]
    labels = np.stack(parts, axis=-1) if len(parts) > 1 else parts[0]
    if facts.roll_input:
        bits = (labels[..., None] >> np.arange(facts.input_depth - 1)) & 1
        inputs = np.concatenate([bits, labels[..., None] == 0], axis=-1).astype(np.float32)
    else:
        inputs = np.concatenate([np.eye(d, dtype=np.float32)[part] for d, part in zip(depths, parts, strict=True)], -1)
    z = rng.standard_normal((4, facts.z_size), dtype=np.float32)
    return {"labels": labels, "depths": np.array(depths), "inputs": inputs, "z": z}


def _vae_figures(
    facts: VaeFacts, steps: Steps, given: dict[str, Any], magenta: dict[str, Any]
) -> Iterator[tuple[str, float, float]]:
    model = MusicVAE(facts, steps)
    mu, sigma = model.encode(given["labels"].astype(np.int16))
    yield "mu", float(np.abs(mu - magenta["mu"]).max()), 1e-4
    yield "sigma", float(np.abs(sigma - magenta["sigma"]).max()), 1e-4
    labels = model.decode(given["z"], np.random.default_rng(0), 0.0).labels
    yield "labels that differ, likeliest", float((labels != magenta["labels"]).sum()), 0.0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("trainings", type=Path, nargs="*")
    parser.add_argument("--only", nargs="*", default=DRAWN)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    prepare(options.folder, options.trainings, options.only)
