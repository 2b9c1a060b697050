"""MusicVAEs as playables: their steps as signatures."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from latentfm.training.networks.cells import LstmState, Tensor
from latentfm.training.networks.vae_network import VaeNetwork
from latentfm.training.networks.vae_variables import encoder_scopes
from latentfm.training.playables.tracing import named, traced

_FLOAT, _INT = tf.float32, tf.int32


def vae_signatures(network: VaeNetwork) -> dict[str, Any]:
    """Return a MusicVAE's steps.

    - ``encode``, ``encode1`` and so on: a step of each layer of the encoder, both ways; ``latent``: its end.
    - ``plan`` and ``conduct``, with a conductor: its first state, and a step of it.
    - ``start``: a decoder's state and condition of a point, or of a conductor's code; ``step``: a step of it.

    The encoder is a step and not an unrolled loop: XNNPACK packs the weights of every node anew, which made of
    4 MB of weights 100 MB in memory. Several decoders step together, their states and conditions side by side.
    """
    facts = network.facts
    signatures = _encoding(network)
    if network.conductor is not None:
        conductor = network.conductor

        def plan(z: Tensor) -> dict[str, Tensor]:
            return named(conductor.initial_state(z))

        def conduct(*states: Tensor) -> dict[str, Tensor]:
            return named(conductor.step(_pairs(states)))

        signatures["plan"] = traced(plan, [_float("z", facts.z_size)])
        signatures["conduct"] = traced(conduct, _state_specs(facts.state_sizes))
    return signatures | _decoding(network)


def _encoding(network: VaeNetwork) -> dict[str, Any]:
    facts, encoder = network.facts, network.encoder
    signatures: dict[str, Any] = {}
    below = facts.input_depth
    for scope in encoder_scopes(facts):
        for layer, units in enumerate(facts.encoder_sizes):

            def encode(
                forward: Tensor, backward: Tensor, *states: Tensor, scope: str = scope, layer: int = layer
            ) -> dict[str, Tensor]:
                ways = (("fw", forward, states[:2]), ("bw", backward, states[2:]))
                return named([encoder.step(scope, layer, way, inputs, (c, h)) for way, inputs, (c, h) in ways])

            specs = [_float(name, below) for name in ("forward", "backward")]
            name = f"encode{len(signatures) or ''}"
            signatures[name] = traced(encode, specs + _state_specs((units, units)))
            below = 2 * units

    def latent(h0: Tensor, h1: Tensor) -> dict[str, Tensor]:
        mu, sigma = encoder.latent(tf.concat([h0, h1], axis=1))
        return {"mu": mu, "sigma": sigma}

    ends = [_float(name, facts.encoder_sizes[-1]) for name in ("h0", "h1")]
    return signatures | {"latent": traced(latent, ends)}


def _decoding(network: VaeNetwork) -> dict[str, Any]:
    facts, cores = network.facts, network.cores
    layers, width = len(facts.state_sizes), 4 * facts.state_sizes[0]
    parts = len(facts.output_depths)
    kernels = [core.weights[f"{core.scope}/multi_rnn_cell/cell_0/lstm_cell/kernel"] for core in cores]

    def start(z: Tensor) -> dict[str, Tensor]:
        states = [state for core in cores for state in core.initial_state(z)]
        return {"condition": tf.concat([core.condition(z) for core in cores], axis=1), **named(states)}

    def step(previous: Tensor, condition: Tensor, *states: Tensor) -> dict[str, Tensor]:
        labels = tf.unstack(previous, num=parts, axis=1) if parts > 1 else [previous]
        conditions = tf.split(condition, len(cores), axis=1)
        pairs, after, logits = _pairs(states), [], []
        drawn = 0
        for index, core in enumerate(cores):
            # one more label than there are classes: "nothing yet", whose gates are zero
            gates, top = [], 0
            for depth in core.depths:
                table = tf.concat([kernels[index][top : top + depth], tf.zeros([1, width])], axis=0)
                gates.append(tf.gather(table, labels[drawn]))
                top, drawn = top + depth, drawn + 1
            state = pairs[layers * index : layers * (index + 1)]
            output, new = core.step(tf.add_n(gates), conditions[index], state)
            logits.append(core.project(output))
            after += new
        return {"logits": tf.concat(logits, axis=1), **named(after)}

    point = facts.state_sizes[-1] if network.conductor else facts.z_size
    labels = tf.TensorSpec([None] if parts == 1 else [None, parts], _INT, "previous")
    specs = [labels, _float("condition", width * len(cores)), *_state_specs(facts.state_sizes * len(cores))]
    return {"start": traced(start, [_float("z", point)]), "step": traced(step, specs)}


def _pairs(states: tuple[Tensor, ...]) -> list[LstmState]:
    return list(zip(states[::2], states[1::2], strict=True))


def _float(name: str, depth: int) -> Any:
    return tf.TensorSpec([None, depth], _FLOAT, name)


def _state_specs(sizes: tuple[int, ...]) -> list[Any]:
    return [_float(f"{part}{layer}", units) for layer, units in enumerate(sizes) for part in "ch"]
