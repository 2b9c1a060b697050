"""Train the spectral autoencoder: rebuild a frame, play it at another pitch, and lie between two others.

Three things are asked of a code. Decoded at its own pitch it gives its frame. Decoded at a neighbouring pitch it gives
what the same instrument plays there at that moment. And a mixture of two codes gives the frame whose levels in dB are
mixed alike: so a blend is between its parents by what was learnt, not by luck.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from latentfm.models.spectral import SpectralFacts
from latentfm.timbre.spectral.envelopes import BANDS, FLOOR_DB, HARMONICS, NYQUIST
from latentfm.training.fit.loop import Batch, Schedule, Task
from latentfm.training.networks.cells import Tensor, Weights
from latentfm.training.networks.spectral_network import SpectralNetwork, untrained

_HEARD = 60.0 / -FLOOR_DB  # what is so far below a frame's loudest part hardly counts
_ANYWAY = 0.02  # how much it counts even so
_NOISE = 0.1  # added to codes
_TIGHT = 1e-3  # on the squares of codes
_CENTS = 0.3


@dataclass(frozen=True)
class SpectralRecipe:
    """Everything besides the data that a training of a spectral autoencoder depends on.

    Attributes:
        across: weight of the frame at the other pitch.
        mixed: weight of the mixture.
    """

    name: str
    facts: SpectralFacts
    schedule: Schedule
    across: float = 0.5
    mixed: float = 0.5
    seed: int = 11


Frames = tuple[np.ndarray[Any, Any], ...]
"""Frames, their pitches; the same moment at another pitch, that pitch; of each two rows the second is to be mixed with
the first: ``[n, features]``, ``[n, 1]``, ``[n, features]``, ``[n, 1]``."""


def spectral_task(
    recipe: SpectralRecipe, draw: Callable[[np.random.Generator, int], Frames], held_out: Frames
) -> tuple[Task, SpectralNetwork]:
    """Put a training together.

    Args:
        recipe: how.
        draw: returns some frames to learn from; neighbouring rows are of about the same pitch.
        held_out: frames of notes that are not learnt from.
    """
    weights: Weights = untrained(recipe.facts, recipe.seed)
    network = SpectralNetwork(recipe.facts, weights)

    def loss(
        seen: Tensor, pitch: Tensor, other: Tensor, other_pitch: Tensor, seed: Tensor, part: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        del part
        codes = network.encode(seen, pitch)
        noisy = codes + _NOISE * tf.random.stateless_normal(tf.shape(codes), tf.stack([seed, 0]))
        parts = _errors(network, noisy, (seen, pitch, other, other_pitch), tf.stack([seed, 1]))
        tight = tf.reduce_mean(codes**2)
        total = parts["rebuilt"] + recipe.across * parts["across"] + recipe.mixed * parts["mixed"] + _TIGHT * tight
        return total, {**{name: _in_db(value) for name, value in parts.items()}, "code_power": tight}

    def batch(rng: np.random.Generator) -> Batch:
        seed = np.asarray(rng.integers(0, 2**31 - 1), np.int32)
        return (*draw(rng, recipe.schedule.batch_size), seed)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def measure(seen: Tensor, pitch: Tensor, other: Tensor, other_pitch: Tensor) -> dict[str, Tensor]:
        codes = network.encode(seen, pitch)
        return _errors(network, codes, (seen, pitch, other, other_pitch), tf.constant([0, 1]))

    def evaluate() -> dict[str, float]:
        parts = {name: float(value) for name, value in measure(*held_out).items()}
        total = parts["rebuilt"] + recipe.across * parts["across"] + recipe.mixed * parts["mixed"]
        return {"loss": total, **{name: float(_in_db(value)) for name, value in parts.items()}}

    return Task(recipe.name, weights, recipe.schedule, recipe.seed, loss, batch, evaluate), network


def _errors(network: SpectralNetwork, codes: Tensor, frames: tuple[Tensor, ...], seed: Tensor) -> dict[str, Tensor]:
    """Return the mean weighted squares of what is wrong, by what was asked."""
    seen, pitch, other, other_pitch = frames
    share = tf.random.stateless_uniform([tf.shape(codes)[0] // 2, 1], seed)

    def mix(values: Tensor) -> Tensor:
        return share * values[0::2] + (1.0 - share) * values[1::2]

    at = mix(pitch)
    return {
        "rebuilt": _error(network.decode(codes, pitch), seen, pitch),
        "across": _error(network.decode(codes, other_pitch), other, other_pitch),
        "mixed": _error(network.decode(mix(codes), at), mix(seen), at),
    }


def _error(found: Tensor, wanted: Tensor, pitch: Tensor) -> Tensor:
    """Return the mean square of errors, weighted by how much is heard of them."""
    levels, wrong = wanted[:, :-1], tf.square(found - wanted)
    louder = tf.maximum(levels, tf.stop_gradient(found[:, :-1]))
    loudest = tf.reduce_max(levels, axis=1, keepdims=True)
    weight = (_ANYWAY + tf.nn.relu(louder - loudest + _HEARD) / _HEARD) * _room(pitch)
    # What a frame is wrong by as a whole does not depend on how many harmonics there is room for.
    of_levels = tf.reduce_sum(weight * wrong[:, :-1], axis=1) / tf.reduce_sum(weight, axis=1)
    return tf.reduce_mean(of_levels + _CENTS * loudest[:, 0] * wrong[:, -1])


def _room(pitch: Tensor) -> Tensor:
    """Return 1 for the levels that a pitch has, 0 for harmonics beyond what can be heard, ``[n, levels]``."""
    hertz = 440.0 * tf.pow(2.0, (pitch - 69.0) / 12.0)
    numbers = tf.range(1, HARMONICS + 1, dtype=tf.float32)[None]
    harmonics = tf.cast(numbers * hertz <= NYQUIST, tf.float32)
    return tf.pad(harmonics, [[0, 0], [0, BANDS]], constant_values=1.0)


def _in_db(square: Tensor) -> Tensor:
    """Return the root of a mean square in dB."""
    return -FLOOR_DB * square**0.5
