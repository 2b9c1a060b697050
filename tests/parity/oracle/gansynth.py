"""What Magenta computes with its GANSynth: checkpoints drawn at random, latents and pitches, and what they give.

Run it under the Python that has Magenta 2.1.4:

    python tests/parity/oracle/gansynth.py OUT [--full] [--only MODEL …]

Each model becomes a zip ``OUT/<model>.zip`` that holds what the published ones hold, ``<model>/experiment.json`` and
``<model>/stage_000NN/model.ckpt-*``, every variable of the training included, and ``OUT/<model>.npz`` with its
spectrograms and sounds. Without ``--full`` networks and sounds are small, and instead of the zip the names and shapes
of its variables are kept: `gansynth_variables` draws the same again.

Magenta's own class builds, restores and generates. Only its data set, which lies in the cloud, is replaced by silence:
nothing that is generated depends on it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import gansynth_variables  # beside this file
import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.gansynth.configs import mel_prog_hires
from magenta.models.gansynth.lib import data_normalizer, datasets, train_util
from magenta.models.gansynth.lib import flags as lib_flags
from magenta.models.gansynth.lib import model as lib_model

SMALL = {
    "audio_length": 2000,
    "batch_size_schedule": [2],
    "fake_batch_size": 2,
    "fmap_base": 256,
    "fmap_max": 8,
    "latent_vector_size": 16,
    "num_resolutions": 5,
    "start_width": 8,
}
STAGED = {"stable_stage_num_images": 800, "transition_stage_num_images": 800, "total_num_images": 8000}
GROWING = {
    **SMALL,
    **STAGED,
    "audio_length": 600,
    "num_resolutions": 4,
    "data_normalizer": "specgrams_simple_normalizer",
}
# By name: hyperparameters beside those of mel_prog_hires, the stage, and how many images it had seen.
MODELS = {
    "grown": (SMALL, 8, 11_000_000),  # as the published ones are: trained to the end of its last stage
    "growing": (GROWING, 5, 4300),  # the fourth block comes in, and takes 3/8 of the spectrogram
}
FULL = {"acoustic_only": ({}, 12, 11_000_000)}
STATISTICS = (0.05, 0.1, 0.7, -0.02)  # of a normaliser that keeps them in a file of its own
PITCHES = {"grown": (24, 60), "growing": (37, 84), "acoustic_only": (24, 36, 48, 60, 72, 84)}
SEED = 12


def silent(config: Any) -> Any:
    """Return the data set's stand-in: one note of silence over and over."""
    pitches = len(datasets.NSynthTfdsDataset(config).get_pitch_counts())
    wave = np.zeros((1, config["audio_length"], 1), np.float32)
    return tf.data.Dataset.from_tensor_slices((wave, np.eye(1, pitches, dtype=np.float32))).repeat()


def stand_in() -> None:
    """Put silence in the data set's place."""
    tf.disable_v2_behavior()
    datasets.NSynthTfdsDataset.provide_dataset = lambda self: silent(self._config)


def settings(own: dict[str, Any], folder: Path) -> Any:
    """Return a training's flags, as Magenta's trainer sets them."""
    flags = lib_flags.Flags()
    flags.load(mel_prog_hires.hparams)
    flags.load(own)
    flags["train_root_dir"] = str(folder)
    lib_model.set_flags(flags)
    return flags


def write(name: str, folder: Path, own: dict[str, Any], stage: int, images: int) -> dict[str, tuple[int, ...]]:
    """Write a training's folder, its variables drawn; return their shapes by name."""
    flags = settings(own, folder)
    target = Path(train_util.make_train_sub_dir(stage, **flags))
    target.mkdir(parents=True)
    (folder / "experiment.json").write_text(json.dumps(flags))
    normaliser = data_normalizer.registry[flags["data_normalizer"]](flags)
    if not normaliser.exists():
        (folder / "assets").mkdir()
        np.savez(normaliser._path, normalizer=np.asarray(STATISTICS))
        Path(normaliser._done_path).touch()
    with tf.Graph().as_default():
        model = lib_model.Model(stage, train_util.get_batch_size(stage, **flags), flags)
        shapes = {}
        for one in tf.global_variables():
            shapes[one.op.name] = tuple(one.shape.as_list())
            counted = {gansynth_variables.STEP: images, gansynth_variables.TIME: 0.0}.get(one.op.name)
            drawn = gansynth_variables.draw(one.op.name, shapes[one.op.name], SEED) if counted is None else counted
            one.load(drawn, model.sess)
        model.saver.save(model.sess, str(target / "model.ckpt"), global_step=images, write_meta_graph=False)
        model.sess.close()
    print(f"{name}: {len(shapes)} variables, {sum(int(np.prod(shape)) for shape in shapes.values()):,} numbers")
    return shapes


def loaded(folder: Path, batch: int) -> Any:
    """Load a training as Magenta's generation does, for so many notes at once."""
    return lib_model.Model.load_from_path(str(folder), lib_flags.Flags({"eval_batch_size": batch}))


def measure(name: str, out: Path, own: dict[str, Any], stage: int, images: int, keep: bool) -> None:
    """Write one model, and what Magenta generates with it."""
    folder = out / name
    shapes = write(name, folder, own, stage, images)
    pitches = PITCHES[name]
    z = np.random.RandomState(SEED).standard_normal((len(pitches), own.get("latent_vector_size", 256)))
    with tf.Graph().as_default():
        model = loaded(folder, len(pitches))
        labels = [model.pitch_to_label_dict[pitch] for pitch in pitches]
        one_hot = tf.one_hot(labels, len(model.pitch_counts))
        with model.load_scope:
            generated, _ = model.generator_fn((model.noises_ph, one_hot))
        spectrogram, progress = model.sess.run([generated, model.progress], {model.noises_ph: z})
        audio = model.generate_samples_from_z(z, pitches, max_audio_length=model.config["audio_length"])
        model.sess.close()
    loud = np.sqrt(np.mean(np.square(audio), axis=1))
    magnitudes = np.percentile(spectrogram[..., 0], [0, 5, 50, 95, 100]).round(1)
    print(f"{name}: progress {progress:.4g}, log magnitudes {magnitudes}, RMS {loud}")
    numbers = {"z": z.astype(np.float32), "pitches": pitches, "spectrogram": spectrogram, "audio": audio}
    if keep:
        shutil.make_archive(str(folder), "zip", str(out), name)
    else:
        flags = json.loads((folder / "experiment.json").read_text())
        layout = {"experiment": flags, "stage": stage, "images": images, "seed": SEED, "shapes": shapes}
        layout["statistics"] = STATISTICS if "data_normalizer" in own else None
        layout["experiment"]["train_root_dir"] = name  # or it would tell of this machine
        (out / f"{name}.json").write_text(json.dumps(layout, separators=(",", ":")) + "\n")
    shutil.rmtree(str(folder))
    np.savez_compressed(str(out / f"{name}.npz"), **numbers)


def main() -> None:
    """Write the fixtures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--full", action="store_true", help="the published models' size, with the checkpoint")
    parser.add_argument("--only", nargs="*", help="models; all without")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    stand_in()
    models = FULL if options.full else MODELS
    for name in options.only or models:
        measure(name, options.out, *models[name], keep=options.full)


if __name__ == "__main__":
    main()
