"""What Magenta computes with bundles and tars that Latent FM has exported.

Run it under the Python that has Magenta 2.1.4, after `tests/parity/compare/exports.py` has prepared the folder:

    python tests/parity/oracle/exports.py FOLDER [--full]

``FOLDER/exports.json`` says what is there. For each export Magenta's own classes load it, and what they compute goes
to ``<name>.magenta.npz``: of event RNNs the softmax over given inputs, and the events that follow a primer, taken by
the likeliest and by given uniform numbers (of melodies and drums); of MusicVAEs mu and sigma, and the likeliest labels.
"""

from __future__ import annotations

import copy
import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import note_seq
import numpy as np
import tensorflow.compat.v1 as tf
from magenta.models.drums_rnn import drums_rnn_model, drums_rnn_sequence_generator
from magenta.models.improv_rnn import improv_rnn_model, improv_rnn_sequence_generator
from magenta.models.melody_rnn import melody_rnn_model, melody_rnn_sequence_generator
from magenta.models.music_vae import configs
from magenta.models.music_vae.trained_model import TrainedModel
from magenta.models.polyphony_rnn import polyphony_model, polyphony_sequence_generator
from magenta.models.shared import sequence_generator_bundle


def main(folder):
    """Compute the numbers of every export in a folder."""
    tf.disable_v2_behavior()
    for export in json.loads((folder / "exports.json").read_text()):
        given = dict(np.load(folder / (export["name"] + ".given.npz")))
        path = str(folder / export["file"])
        numbers = of_bundle(path, given) if path.endswith(".mag") else of_tar(path, export, given)
        np.savez_compressed(folder / (export["name"] + ".magenta.npz"), **numbers)
        print(export["name"])


FAMILIES = (
    (melody_rnn_model, "MelodyRnn", melody_rnn_sequence_generator, "MelodyRnnSequenceGenerator"),
    (drums_rnn_model, "DrumsRnn", drums_rnn_sequence_generator, "DrumsRnnSequenceGenerator"),
    (improv_rnn_model, "ImprovRnn", improv_rnn_sequence_generator, "ImprovRnnSequenceGenerator"),
    (polyphony_model, "PolyphonyRnn", polyphony_sequence_generator, "PolyphonyRnnSequenceGenerator"),
)


def of_bundle(path, given):
    """Load a bundle with the generator class of its configuration, and generate."""
    bundle = sequence_generator_bundle.read_bundle_file(path)
    name = bundle.generator_details.id
    models, kind, generators, generator = next(row for row in FAMILIES if name in row[0].default_configs)
    config = models.default_configs[name]
    model = getattr(models, kind + "Model")(config)
    generator = getattr(generators, generator)(model, config.details, config.steps_per_quarter, bundle=bundle)
    generator.initialize()
    numbers = {"softmax": softmax_of(model._session, given["inputs"])}
    if kind in ("MelodyRnn", "DrumsRnn"):
        numbers.update(events_of(model, given, drums=kind == "DrumsRnn"))
    generator.close()
    return numbers


def softmax_of(session, inputs):
    """Return the softmax over inputs, from the graph's collections."""
    found = {key: session.graph.get_collection(key) for key in ("inputs", "initial_state", "softmax", "temperature")}
    feed = {found["inputs"][0]: inputs, found["temperature"][0]: 1.0}
    feed.update(zip(found["initial_state"], session.run(found["initial_state"])))
    return session.run(found["softmax"][0], feed)


def events_of(model, given, drums):
    """Return the events that follow the primer."""
    if drums:
        primer = note_seq.DrumTrack([frozenset(np.flatnonzero(row).tolist()) for row in given["primer"]])
    else:
        primer = note_seq.Melody(given["primer"].tolist())
    generate = model.generate_drum_track if drums else model.generate_melody
    uniforms = iter(given["uniforms"][:, 0])
    choices = {
        "likeliest": lambda _classes, p: int(np.argmax(p)),
        "drawn": lambda _classes, p: int((np.cumsum(p, dtype=np.float64) <= next(uniforms) * p.sum(dtype=float)).sum()),
    }
    numbers = {}
    for key, choose in choices.items():
        np.random.choice = choose
        events = list(generate(len(primer) + len(given["uniforms"]), primer, temperature=1.0))[len(primer) :]
        numbers[key] = np.array([[pitch in event for pitch in range(128)] for event in events]) if drums else events
    return numbers


def of_tar(path, export, given):
    """Load a tar with `TrainedModel`, encode and decode."""
    config = copy.deepcopy(configs.CONFIG_MAP[export["config"]])
    for key, value in export["sizes"].items():
        setattr(config.hparams, key, value)
    inputs = given["inputs"]
    model = TrainedModel(config, batch_size=len(inputs), checkpoint_dir_or_path=path)
    _, mu, sigma = model.encode_tensors(list(inputs), [inputs.shape[1]] * len(inputs))
    outputs = model.decode_to_tensors(given["z"], length=inputs.shape[1], temperature=1e-5)
    ends = np.cumsum(given["depths"])[:-1] if "depths" in given else []
    labels = [np.argmax(part, axis=-1) for part in np.split(np.asarray(outputs), ends, axis=-1)]
    return {"mu": mu, "sigma": sigma, "labels": np.stack(labels, axis=-1) if len(labels) > 1 else labels[0]}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
