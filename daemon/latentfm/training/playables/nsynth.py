"""NSynth's autoencoder as a playable: an encoder of whole notes, and a decoder's step.

What a layer remembers never passes through the step (12.6 MB a note): it takes the taps and gives the new inputs, and
`Rings` keeps them. The parts of a kernel become variables of their own, so that each is multiplied as it lies.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from latentfm.models.nsynth.facts import TAPS
from latentfm.training.networks.cells import Tensor
from latentfm.training.networks.nsynth_network import NSynthNetwork, gated
from latentfm.training.playables.tracing import traced

_FLOAT = tf.float32


def nsynth_signatures(network: NSynthNetwork) -> dict[str, Any]:
    """Return an autoencoder's steps.

    - ``encode``: signals ``samples [n, time]`` to ``codes``.
    - ``frame``: what a ``code [n, z]`` adds to each layer, ``frame<layer>``, and to the end, ``frame_out``.
    - ``ahead``: of layers that dilate far, what their past taps ``far<layer>`` and ``near<layer>`` give,
      ``past<layer>``, for as many rows as there are. There is none without such layers.
    - ``step``: ``recent``, the last three samples, and ``frame_out``; of those layers ``past<layer>``, frame included,
      of the others ``far<layer>``, ``near<layer>`` and ``frame<layer>``. It gives the ``logits`` and each layer's new
      input, ``hidden<layer>``.
    """
    facts = network.facts

    def encode(samples: Tensor) -> dict[str, Tensor]:
        return {"codes": network.encode(samples)}

    signatures = {
        "encode": traced(encode, [tf.TensorSpec([None, None], _FLOAT, "samples")]),
        "frame": _frame(network),
        "step": _step(network),
    }
    if facts.ahead_layers:
        signatures["ahead"] = _ahead(network)
    return signatures


def _frame(network: NSynthNetwork) -> Any:
    """Biases are added here too, once for a code."""
    maps = {
        f"frame{layer}": (
            _matrix(network, f"cond_map_{layer + 1}"),
            _bias(network, f"cond_map_{layer + 1}", f"dilatedconv_{layer + 1}"),
        )
        for layer in range(network.facts.layers)
    }
    maps["frame_out"] = _matrix(network, "cond_map_out1"), _bias(network, "cond_map_out1", "out1")

    def frame(code: Tensor) -> dict[str, Tensor]:
        return {name: tf.matmul(code, weights) + bias for name, (weights, bias) in maps.items()}

    return traced(frame, [_float("code", network.facts.bottleneck)])


def _ahead(network: NSynthNetwork) -> Any:
    facts = network.facts
    past = {layer: _matrix(network, f"dilatedconv_{layer + 1}", 0, TAPS - 1) for layer in facts.ahead_layers}

    def ahead(*taps: Tensor) -> dict[str, Tensor]:
        pairs = zip(taps[::2], taps[1::2], strict=True)
        return {
            f"past{layer}": tf.matmul(tf.concat(pair, axis=1), weights)
            for (layer, weights), pair in zip(past.items(), pairs, strict=True)
        }

    return traced(ahead, [_float(f"{tap}{layer}", facts.width) for layer in past for tap in ("far", "near")])


def _step(network: NSynthNetwork) -> Any:
    facts = network.facts
    layers, known = range(facts.layers), frozenset(facts.ahead_layers)
    kernels = [
        _matrix(network, f"dilatedconv_{layer + 1}", TAPS - 1 if layer in known else 0, TAPS) for layer in layers
    ]
    start, start_bias = _matrix(network, "startconv", 0, TAPS), _bias(network, "startconv")
    ends = {name: (_matrix(network, name), _bias(network, name)) for name in ("skip_start", "logits")}
    res = [(_matrix(network, f"res_{layer + 1}"), _bias(network, f"res_{layer + 1}")) for layer in layers[:-1]]
    skips = [_matrix(network, f"skip_{layer + 1}") for layer in layers]
    skip_bias = _bias(network, "skip_start", *(f"skip_{layer + 1}" for layer in layers))
    out = _matrix(network, "out1")
    specs = [_float("recent", TAPS), _float("frame_out", facts.skip_width)]
    for layer in layers:
        if layer in known:
            specs.append(_float(f"past{layer}", 2 * facts.width))
        else:
            specs += [_float(f"{tap}{layer}", facts.width) for tap in ("far", "near")]
            specs.append(_float(f"frame{layer}", 2 * facts.width))

    def step(recent: Tensor, frame_out: Tensor, *given: Tensor) -> dict[str, Tensor]:
        rest = iter(given)
        hidden = tf.matmul(recent, start) + start_bias
        skipped = tf.matmul(hidden, ends["skip_start"][0]) + skip_bias
        outputs = {}
        for layer in layers:
            outputs[f"hidden{layer}"] = hidden
            taps = hidden if layer in known else tf.concat([next(rest), next(rest), hidden], axis=1)
            new = gated(tf.matmul(taps, kernels[layer]) + next(rest))
            if layer < len(res):  # what comes of the last layer's is heard by none
                hidden += tf.matmul(new, res[layer][0]) + res[layer][1]
            skipped += tf.matmul(new, skips[layer])
        end = tf.nn.relu(tf.matmul(tf.nn.relu(skipped), out) + frame_out)
        return {"logits": tf.matmul(end, ends["logits"][0]) + ends["logits"][1], **outputs}

    return traced(step, specs)


def _matrix(network: NSynthNetwork, name: str, first: int = 0, last: int = 1) -> Any:
    """Return the taps of a kernel from one up to another, one below the other, as a variable."""
    taps: NDArray[np.float32] = network.weights[f"{name}/W"].numpy()[0, first:last]
    return tf.Variable(taps.reshape(-1, taps.shape[-1]), trainable=False)


def _bias(network: NSynthNetwork, *names: str) -> Any:
    """Return the sum of biases, as a constant."""
    return tf.constant(sum(network.weights[f"{name}/biases"].numpy() for name in names))


def _float(name: str, depth: int) -> Any:
    return tf.TensorSpec([None, depth], _FLOAT, name)
