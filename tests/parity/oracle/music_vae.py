"""What Magenta computes with its MusicVAEs: checkpoints drawn at random, inputs, and the numbers they give.

Run it under the Python that has Magenta 2.1.4:

    python tests/parity/oracle/music_vae.py OUT [--full] [--only CONFIGURATION …]

Each configuration becomes a folder ``OUT/<configuration>`` with a V2 checkpoint (one as a tar) and ``numbers.npz``;
the converters' tensors and NoteSequences go to ``OUT/converters.npz``. Without ``--full`` layers have 16 units
(trios' 8), the latent space has 8 dimensions, and of logits only some steps are kept, so that all of it stays small.
"""

from __future__ import annotations

import argparse
import copy
import os
import re
import tarfile
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import music_vae_converters  # beside this file
import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.music_vae import configs, lstm_models

NAMES = (
    "cat-mel_2bar_small",
    "cat-mel_2bar_big",
    "cat-drums_2bar_small",
    "cat-drums_2bar_big",
    "flat-mel_16bar",
    "hierdec-mel_16bar",
    "hier-mel_16bar",
    "flat-trio_16bar",
    "hierdec-trio_16bar",
    "hier-trio_16bar",
)
AS_TAR = "cat-drums_2bar_small"
ROWS = 2
STEP = 1000  # of the training that the checkpoint says it comes from
KEPT = 16  # steps of logits that a small fixture keeps
TRIO = (90, 90, 512)


def settings(name: str, full: bool) -> Any:
    """Return a configuration, with its sizes cut unless all of it is wanted."""
    config = copy.deepcopy(configs.CONFIG_MAP[name])
    hparams = config.hparams
    hparams.batch_size = ROWS
    hparams.sampling_schedule, hparams.sampling_rate = "constant", 0.0  # or the truth is not what it sees
    if not full:
        units = 8 if "trio" in name else 16
        hparams.enc_rnn_size = [units] * len(hparams.enc_rnn_size)
        hparams.dec_rnn_size = [units] * len(hparams.dec_rnn_size)
        hparams.z_size = 8
    config.data_converter.set_mode("infer")
    return config


def variable(name: str, shape: tuple[int, ...], labels: int, rng: np.random.Generator) -> Any:
    """Draw a variable at the scale of a trained one: what is drawn from it changes from step to step.

    Args:
        name: its name.
        shape: its shape.
        labels: how many of a first layer's inputs are labels, of which one is on at a time.
        rng: what is drawn from.
    """
    if len(shape) == 1:
        return rng.normal(0, 0.3, shape).astype(np.float32)
    if name.endswith("output_projection/kernel"):
        return rng.normal(0, 6 / np.sqrt(shape[0]), shape).astype(np.float32)
    scale = np.full((shape[0], 1), 2.5 / np.sqrt(max(1, shape[0] - labels)))
    scale[:labels] = 1.5
    return (scale * rng.standard_normal(shape)).astype(np.float32)


def labels_of(name: str, converter: Any) -> int:
    """Return how many inputs of a kernel are labels: a first layer's that reads them."""
    if not name.endswith("lstm_cell/kernel"):
        return 0
    if "encoder/cell_0/" in name or "encoder/hierarchical_level_0/cell_0/" in name:
        return int(converter.input_depth)
    if "decoder/multi_rnn_cell/cell_0/" not in name:
        return 0
    part = re.search(r"core_decoder_(\d)/", name)
    return TRIO[int(part.group(1))] if part else int(converter.output_depth)


def draw_all(seed: int, converter: Any) -> dict[str, Any]:
    """Draw every variable of the graph."""
    rng = np.random.default_rng(seed)
    values = {}
    for one in sorted(tf.global_variables(), key=lambda found: found.op.name):
        name, shape = one.op.name, tuple(one.shape.as_list())
        values[name] = STEP if name == "global_step" else variable(name, shape, labels_of(name, converter), rng)
    return values


def load(session: Any, values: dict[str, Any]) -> None:
    """Set the graph's variables."""
    for one in tf.global_variables():
        if one.op.name in values:
            one.load(values[one.op.name], session)


def write(folder: Path, session: Any, packed: bool) -> None:
    """Write the checkpoint in Magenta's format, V2; packed as a tar if asked for."""
    tf.train.Saver().save(session, str(folder / "model.ckpt"), write_meta_graph=False)
    (folder / "checkpoint").unlink()
    if packed:
        with tarfile.open(str(folder / "model.tar"), "w") as archive:
            for part in sorted(folder.glob("model.ckpt.*")):
                archive.add(str(part), part.name)
                part.unlink()


def random_labels(depths: tuple[int, ...], steps: int, rng: np.random.Generator) -> Any:
    """Draw labels ``[rows, steps, parts]``, a third of them holds."""
    labels = np.stack([rng.integers(0, depth, (ROWS, steps)) for depth in depths], axis=2)
    labels[rng.random(labels.shape) < 1 / 3] = 0
    return labels


def one_hot(labels: Any, depths: tuple[int, ...]) -> Any:
    """Return labels side by side as one-hot vectors."""
    return np.concatenate([np.eye(depth)[labels[..., part]] for part, depth in enumerate(depths)], axis=-1)


class Drawing:
    """Puts drawing by inverse CDF from given numbers, or taking the likeliest, in place of a decoder's sampling."""

    def __init__(self, decoder: Any, depths: tuple[int, ...]) -> None:
        self.depths, self.step, self.uniforms = depths, 0, None
        decoder._sample = self.sample

    def start(self, uniforms: Any) -> None:
        """Draw from these numbers ``[steps, rows, parts]`` from now on; without them take the likeliest."""
        self.step, self.uniforms = 0, uniforms

    def sample(self, rnn_output: Any, temperature: Any = 1.0) -> Any:
        """Return what stands for the decoder's own sample."""
        del temperature
        drawn = tf.numpy_function(self.draw, [rnn_output], tf.float32)
        drawn.set_shape(rnn_output.shape)
        return drawn

    def draw(self, logits: Any) -> Any:
        """Draw a label of each part, one-hot side by side."""
        labels, top = [], 0
        for part, depth in enumerate(self.depths):
            own = logits[:, top : top + depth].astype(np.float64)
            if self.uniforms is None:
                labels.append(own.argmax(axis=1))
            else:
                shares = np.exp(own - own.max(axis=1, keepdims=True))
                reached = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
                below = reached <= (self.uniforms[self.step, :, part] * reached[:, -1])[:, None]
                labels.append(np.minimum(below.sum(axis=1), depth - 1))
            top += depth
        self.step += 1
        return one_hot(np.stack(labels, axis=1), self.depths).astype(np.float32)


def drawings(decoder: Any, depths: tuple[int, ...]) -> list[tuple[Drawing, slice]]:
    """Take over the sampling of every decoder of labels; with each, which parts it draws."""
    core = getattr(decoder, "_core_decoder", decoder)
    if isinstance(core, lstm_models.SplitMultiOutLstmDecoder):
        cores = core._core_decoders
        return [(Drawing(one, (depths[part],)), slice(part, part + 1)) for part, one in enumerate(cores)]
    return [(Drawing(core, depths), slice(0, len(depths)))]


def measure(name: str, folder: Path, full: bool) -> None:
    """Write one configuration's checkpoint, inputs and numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    config = settings(name, full)
    converter, hparams = config.data_converter, config.hparams
    depths = TRIO if "trio" in name else (converter.output_depth,)
    steps = hparams.max_seq_len
    rng = np.random.default_rng(NAMES.index(name))
    labels = random_labels(depths, steps, rng)
    outputs = one_hot(labels, depths)
    inputs = outputs
    if converter.input_depth != converter.output_depth:
        bits = (labels >> np.arange(converter.input_depth - 1)) & 1
        inputs = np.concatenate([bits, labels == 0], axis=-1)
    z = rng.standard_normal((ROWS, hparams.z_size)).astype(np.float32)
    uniforms = rng.random((steps, ROWS, len(depths)))
    numbers = {"labels": labels, "z": z, "uniforms": uniforms}
    lengths = np.full(ROWS, steps, np.int32)

    with tf.Graph().as_default(), tf.Session() as session:
        config.model.build(hparams, converter.output_depth, is_training=False)
        code = config.model.encode(tf.constant(inputs, tf.float32), tf.constant(lengths))
        core = getattr(config.model.decoder, "_core_decoder", None)
        if isinstance(core, lstm_models.SplitMultiOutLstmDecoder):
            core.hparams = copy.deepcopy(hparams)  # its check takes a bar's length for that of the whole
            core.hparams.max_seq_len = config.model.decoder._level_lengths[-1]
        before = np.pad(outputs[:, :-1], [(0, 0), (1, 0), (0, 0)], mode="constant")
        decoded = config.model.decoder.reconstruction_loss(
            tf.constant(before, tf.float32), tf.constant(outputs, tf.float32), tf.constant(lengths), tf.constant(z)
        )[2]
        values = draw_all(NAMES.index(name), converter)
        load(session, values)
        write(folder, session, packed=name == AS_TAR and not full)
        mu, sigma, logits = session.run([code.loc, code.scale.diag, decoded.rnn_output])
        kept = np.arange(steps) if full else np.linspace(0, steps - 1, KEPT).astype(int)
        numbers.update(mu=mu, sigma=sigma, logit_steps=kept, logits=logits[:, kept])

    config = settings(name, full)
    taken = drawings(config.model.decoder, depths)
    with tf.Graph().as_default(), tf.Session() as session:
        config.model.build(config.hparams, converter.output_depth, is_training=False)
        samples, _ = config.model.sample(ROWS, max_length=steps, z=tf.constant(z), temperature=1.0)
        load(session, values)
        for kind, drawn_from in (("likeliest", None), ("drawn", uniforms)):
            for drawing, parts in taken:
                drawing.start(None if drawn_from is None else drawn_from[..., parts])
            found = session.run(samples)
            ends = np.cumsum(depths)
            parts_of = [found[..., end - depth : end].argmax(axis=-1) for end, depth in zip(ends, depths)]
            numbers[kind] = np.stack(parts_of, axis=-1).astype(np.int16)
            changes = (np.diff(numbers[kind], axis=1) != 0).mean()
            print(f"{name}: {kind} labels change at {changes:.0%} of steps")
    np.savez_compressed(str(folder / "numbers.npz"), **numbers)


def main() -> None:
    """Write the fixtures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--full", action="store_true", help="Magenta's own sizes, every step")
    parser.add_argument("--only", nargs="*", default=NAMES, help="configurations; all without")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    music_vae_converters.write(options.out / "converters.npz")
    for name in options.only:
        measure(name, options.out / name, options.full)


if __name__ == "__main__":
    main()
