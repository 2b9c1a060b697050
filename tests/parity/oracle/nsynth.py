"""What Magenta computes with NSynth's WaveNet autoencoder: codes, next-sample logits and samples, of weights at random.

Run it under the Python that has Magenta 2.1.4:

    python tests/parity/oracle/nsynth.py OUT [--full]

``OUT/numbers.npz`` is what it gives. Every variable is drawn from a seed, as our side draws them, so that the fixture
stores none. With ``--full`` the network is the published one, and ``OUT/wavenet-ckpt.tar`` is its checkpoint, packed as
that is; without it the widths that Magenta's source has hard-coded are replaced by small ones.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import os
import sys
import tarfile
import types
from pathlib import Path
from typing import Any, Iterator, Tuple

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.path.append(str(Path(__file__).resolve().parents[2] / "support"))

import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.nsynth import utils
from magenta.models.nsynth.wavenet import fastgen, h512_bo16

import nsynth_weights

SEED = 0
NOTES = 2
HOP = 512
SMALL = (
    ("    width = 512", "    width = 32"),
    ("skip_width = 256", "skip_width = 32"),
    ("ae_width = 128", "ae_width = 16"),
)
FORCED = 64  # steps of given samples
KEPT = 16  # of which a small fixture keeps the logits
DRAWN = 64
PREFIX = "model.ckpt-200000"


def shrink() -> None:
    """Put narrow layers in place of those that the source has."""
    source = inspect.getsource(h512_bo16)
    for wide, narrow in SMALL:
        if wide not in source:
            raise SystemExit(f"Magenta's source has no {wide!r}")
        source = source.replace(wide, narrow)
    module = types.ModuleType("narrow")
    exec(source, module.__dict__)  # noqa: S102 - Magenta's own source, with three numbers changed
    fastgen.Config, fastgen.FastGenerationConfig = module.Config, module.FastGenerationConfig


def anywhere() -> Any:
    """Let Magenta's graphs, which ask for a GPU, run on what there is, as its own sessions do."""
    return tf.ConfigProto(allow_soft_placement=True)


def audio(samples: int) -> Any:
    """Return notes that decay, with a little noise, as 16-bit files have them: float32 ``[notes, samples]``."""
    rng, time = np.random.default_rng(1), np.arange(samples) / 16_000
    notes = []
    for frequency in (110.0, 392.0):
        partials = [np.sin(2 * np.pi * frequency * k * time) / k for k in range(1, 8)]
        note = np.sum(partials, axis=0) * np.exp(-3 * time) * 0.4 + 0.01 * rng.standard_normal(samples)
        notes.append(np.round(np.clip(note, -1, 1) * 32767) / 32768)
    return np.array(notes, np.float32)


def draw_all() -> Any:
    """Draw every variable of the graph, and return them all."""
    shapes = {one.op.name: tuple(one.shape.as_list()) for one in tf.global_variables()}
    return nsynth_weights.draw(shapes, SEED)


def load(session: Any, weights: Any) -> None:
    """Set the graph's variables."""
    for one in tf.global_variables():
        one.load(weights[one.op.name], session)


def write(folder: Path, session: Any) -> None:
    """Write the checkpoint as the published one is packed."""
    tf.train.Saver().save(session, str(folder / PREFIX), write_meta_graph=False, write_state=False)
    with tarfile.open(str(folder / "wavenet-ckpt.tar"), "w") as archive:
        for part in sorted(folder.glob(f"{PREFIX}.*")):
            archive.add(str(part), f"wavenet-ckpt/{part.name}")
            part.unlink()


@contextlib.contextmanager
def decoder(weights: Any) -> Iterator[Tuple[Any, Any]]:
    """Build the decoder anew, its queues full of zeros: they can't be filled a second time."""
    with tf.Graph().as_default(), tf.Session(config=anywhere()) as session:
        net = fastgen.load_fastgen_nsynth(batch_size=NOTES)
        load(session, weights)
        session.run(net["init_ops"])
        yield session, net


def force(weights: Any, codes: Any, samples: Any) -> Any:
    """Return the logits of each sample given those before it, ``[notes, steps, 256]``."""
    before, collected = np.zeros([len(codes), 1]), []
    with decoder(weights) as (session, net):
        logits = net["predictions"].op.inputs[0]
        for step in range(samples.shape[1]):
            feed = {net["X"]: before, net["encoding"]: codes[:, step // HOP]}
            collected.append(session.run([logits, net["push_ops"]], feed)[0])
            before = samples[:, step : step + 1]
    return np.stack(collected, axis=1)


def generate(weights: Any, codes: Any, steps: int) -> Any:
    """Return what Magenta's own loop makes, as labels of 0 to 255, ``[notes, steps]``."""
    sound, made = np.zeros([len(codes), 1]), []
    with decoder(weights) as (session, net):
        for step in range(steps):
            sound = fastgen.generate_audio_sample(session, net, sound, codes[:, step // HOP])
            made.append(sound[:, 0])
        labels = session.run(utils.mu_law(tf.constant(np.stack(made, axis=1), tf.float32)))
    return (labels + 128).astype(np.uint8)


def likeliest(shares: Any) -> Any:
    """Take the likeliest in place of `fastgen.sample_categorical`."""
    return shares.argmax(axis=1)[:, None].astype(np.float64)


def measure(folder: Path, full: bool) -> None:
    """Write the numbers, and the checkpoint if all of it is wanted."""
    if not full:
        shrink()
    sound = audio(8 * HOP if not full else 16 * HOP)
    numbers = {"audio": np.round(sound * 32768).astype(np.int16)}
    with tf.Graph().as_default(), tf.Session(config=anywhere()) as session:
        net = fastgen.load_nsynth(batch_size=NOTES, sample_length=sound.shape[1])
        weights = draw_all()
        load(session, weights)
        numbers["weights"] = np.array(nsynth_weights.checksum(weights))
        numbers["widths"] = np.array([weights[f"{name}/W"].shape[-1] for name in ("res_1", "out1", "ae_res_1")])
        if full:
            write(folder, session)
        codes = session.run(net["encoding"], {net["X"]: sound})
        numbers["codes"] = codes
    kept = np.arange(FORCED) if full else np.linspace(0, FORCED - 1, KEPT).astype(int)
    numbers.update(logit_steps=kept, logits=force(weights, codes, sound[:, :FORCED])[:, kept])
    uniforms = np.random.default_rng(2).random((DRAWN, NOTES))
    given = iter(uniforms)
    np.random.rand = lambda count: next(given)  # where `fastgen.sample_categorical` draws from
    numbers.update(uniforms=uniforms, drawn=generate(weights, codes, DRAWN))
    fastgen.sample_categorical = likeliest
    numbers["likeliest"] = generate(weights, codes, HOP + FORCED if full else 2 * HOP + 2 * FORCED)
    for kind in ("likeliest", "drawn"):
        print(f"{kind}: samples change at {(np.diff(numbers[kind].astype(int), axis=1) != 0).mean():.0%} of steps")
    np.savez_compressed(str(folder / "numbers.npz"), **numbers)


def main() -> None:
    """Write the fixture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--full", action="store_true", help="Magenta's own sizes, and the checkpoint too")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    measure(options.out, options.full)


if __name__ == "__main__":
    main()
