"""Checkpoints become playables: one LiteRT file with a signature for each step, and its JSON.

Builtin operations only. Several signatures of one SavedModel share their weights. What ships is stored as
float16, half the size, and computed with as float32.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

from latentfm.models.card import Card
from latentfm.models.event_rnn import RnnFacts
from latentfm.models.music_vae import VaeFacts
from latentfm.models.playable import Representation, file_sha256
from latentfm.training.networks.cells import Tensor, Weights
from latentfm.training.networks.rnn_network import RnnNetwork, RnnState
from latentfm.training.networks.vae_network import VaeNetwork

_FLOAT, _INT = tf.float32, tf.int32


def vae_signatures(network: VaeNetwork) -> dict[str, Any]:
    """Return a flat MusicVAE's steps: ``encode`` both ways and its end ``latent``, ``start`` and ``step``.

    The encoder is a step and not 32 unrolled ones: XNNPACK packs the weights of every node anew, which made of
    4 MB of weights 100 MB in memory.
    """
    shape = network.shape
    kernel = network.weights["decoder/multi_rnn_cell/cell_0/lstm_cell/kernel"]
    layers = range(len(shape.dec_rnn_size))
    width = 4 * shape.dec_rnn_size[0]

    def encode(forward: Tensor, backward: Tensor, *states: Tensor) -> dict[str, Tensor]:
        ways = network.encode_step("fw", forward, states[:2]), network.encode_step("bw", backward, states[2:])
        return _named(ways)

    def latent(h0: Tensor, h1: Tensor) -> dict[str, Tensor]:
        mu, sigma = network.latent(tf.concat([h0, h1], axis=1))
        return {"mu": mu, "sigma": sigma}

    def start(z: Tensor) -> dict[str, Tensor]:
        return {"condition": network.condition(z), **_named(network.initial_state(z))}

    specs = [tf.TensorSpec([None], _INT, "previous"), tf.TensorSpec([None, width], _FLOAT, "condition")]
    for layer, units in enumerate(shape.dec_rnn_size):
        specs += [tf.TensorSpec([None, units], _FLOAT, f"{part}{layer}") for part in "ch"]

    def step(previous: Tensor, condition: Tensor, *states: Tensor) -> dict[str, Tensor]:
        # one more label than there are classes: "nothing yet", whose gates are zero
        gates = tf.gather(tf.concat([kernel[: shape.output_depth], tf.zeros([1, width])], axis=0), previous)
        output, after = network.step(gates, condition, [(states[2 * layer], states[2 * layer + 1]) for layer in layers])
        return {"logits": network.project(output), **_named(after)}

    inputs = [tf.TensorSpec([None, shape.input_depth], _FLOAT, name) for name in ("forward", "backward")]
    outputs = [tf.TensorSpec([None, shape.enc_rnn_size], _FLOAT, name) for name in ("c0", "h0", "c1", "h1")]
    point = tf.TensorSpec([None, shape.z_size], _FLOAT, "z")
    return {
        "encode": _traced(encode, inputs + outputs),
        "latent": _traced(latent, [outputs[1], outputs[3]]),
        "start": _traced(start, [point]),
        "step": _traced(step, specs),
    }


def rnn_signatures(network: RnnNetwork) -> dict[str, Any]:
    """Return an event RNN's one step; with attention it gives out the new row of the memory and of its features."""
    shape = network.shape
    units, length = shape.rnn_layer_sizes[0], shape.attn_length
    specs = [tf.TensorSpec([None, shape.input_size], _FLOAT, "inputs")]
    for layer, size in enumerate(shape.rnn_layer_sizes):
        specs += [tf.TensorSpec([None, size], _FLOAT, f"{part}{layer}") for part in "ch"]
    if length:
        specs += [tf.TensorSpec([None, units], _FLOAT, "attention")]
        specs += [tf.TensorSpec([None, length, units], _FLOAT, name) for name in ("memory", "features")]

    def step(inputs: Tensor, *states: Tensor) -> dict[str, Tensor]:
        count = len(shape.rnn_layer_sizes)
        cells = tuple((states[2 * layer], states[2 * layer + 1]) for layer in range(count))
        output, after = network.step(inputs, RnnState(cells, *states[2 * count :]))
        outputs = {"logits": network.project(output), **_named(after.cells)}
        if length:
            outputs |= {"attention": after.attention, "output": after.memory[:, -1], "feature": after.features[:, -1]}
        return outputs

    return {"step": _traced(step, specs)}


def write_playable(
    signatures: dict[str, Any], weights: Weights, card: Card, folder: Path, *, half: bool = False
) -> Card:
    """Write ``<name>.tflite`` and ``<name>.json``, each under a temporary name first.

    Args:
        signatures: the network's steps.
        weights: the network's.
        card: what is known of the model; parameters and checksum are filled in.
        folder: where the files go.
        half: store weights as float16, for what ships; without it the numbers are the checkpoint's.

    Returns:
        The card with the file's checksum.
    """
    folder.mkdir(parents=True, exist_ok=True)
    module = tf.Module()
    module.kept = list(weights.values())  # or the variables would be gone before the conversion
    with tempfile.TemporaryDirectory() as saved:
        tf.saved_model.save(module, saved, signatures=signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(saved, signature_keys=list(signatures))
        if half:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        content = converter.convert()
    path = folder / f"{card.name}.tflite"
    temporary = path.with_suffix(".tflite.part")
    temporary.write_bytes(content)
    card = card.model_copy(update={"sha256": file_sha256(temporary), "parameters": weights.parameters()})
    temporary.replace(path)
    described = path.with_suffix(".json.part")
    described.write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    described.replace(path.with_suffix(".json"))
    return card


def vae_facts(network: VaeNetwork, representation: Representation) -> VaeFacts:
    """Return what the card of a flat MusicVAE says of its sizes."""
    shape = network.shape
    return VaeFacts(
        representation=representation,
        steps=shape.max_seq_len,
        z_size=shape.z_size,
        input_depth=shape.input_depth,
        output_depth=shape.output_depth,
        encoder_size=shape.enc_rnn_size,
        state_sizes=shape.dec_rnn_size,
    )


def rnn_facts(network: RnnNetwork, representation: Representation, **encoding: Any) -> RnnFacts:
    """Return what the card of an event RNN says of its encoding and sizes."""
    shape = network.shape
    sizes = {"layer_sizes": shape.rnn_layer_sizes, "attn_length": shape.attn_length}
    return RnnFacts.model_validate({"representation": representation, **encoding, **sizes})


def _traced(function: Callable[..., dict[str, Tensor]], specs: list[Any]) -> Any:
    return tf.function(function, autograph=False, input_signature=specs)


def _named(states: Any) -> dict[str, Tensor]:
    named: dict[str, Tensor] = {}
    for layer, (c, h) in enumerate(states):
        named |= {f"c{layer}": c, f"h{layer}": h}
    return named
