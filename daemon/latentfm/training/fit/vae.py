"""Train a flat MusicVAE on two-bar windows.

Beta starts small, so that the code is used at all, and rises tenfold between two fifths and seven tenths of
the training, so that samples from the prior become music (`Beta`). The previous label is hidden from the
decoder now and then, which makes it read the code instead (word dropout: Bowman et al., arXiv:1511.06349).

A small beta lets the codes of all music lie to one side of the prior: without more, a sixth of the prior was a
hole that decoded to noise. So the codes of a batch, taken together as one Gaussian, are drawn to the prior too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from latentfm.models.events import HOLD, OFF, Labels
from latentfm.training.fit.loop import Schedule, Task
from latentfm.training.networks.cells import Tensor, Weights
from latentfm.training.networks.vae_network import VaeNetwork, VaeShape


@dataclass(frozen=True)
class Beta:
    """The weight of the KL term in nats, and the free nats, over the training."""

    low: float = 0.02
    high: float = 0.2
    rise: tuple[float, float] = (0.4, 0.7)
    free_nats: float = 16.0

    def at(self, part: Tensor) -> Tensor:
        """Return beta when ``part`` (0 to 1) of the training is done."""
        risen = tf.clip_by_value((part - self.rise[0]) / (self.rise[1] - self.rise[0]), 0.0, 1.0)
        return self.low * (self.high / self.low) ** risen


@dataclass(frozen=True)
class VaeRecipe:
    """Everything besides the data that a training of a flat MusicVAE depends on."""

    name: str
    shape: VaeShape
    schedule: Schedule
    beta: Beta
    hidden: float = 0.15  # share of previous labels that are hidden from the decoder
    together: float = 1.0  # weight of the distance between all codes together and the prior
    seed: int = 1


def inputs_of(labels: Tensor, shape: VaeShape) -> Tensor:
    """Return the encoder's inputs: one-hot labels, or for drums nine bits and one for silence.

    Source: magenta/models/music_vae/data.py, DrumsConverter with ``roll_input``.
    """
    if shape.input_depth == shape.output_depth:
        return tf.one_hot(labels, shape.output_depth)
    bits = tf.cast(tf.bitwise.bitwise_and(labels[..., None], 2 ** tf.range(9)) > 0, tf.float32)
    return tf.concat([bits, tf.cast(labels[..., None] == 0, tf.float32)], axis=-1)


def vae_task(
    recipe: VaeRecipe,
    draw: Callable[[np.random.Generator, int], Labels],
    held_out: Labels,
    dtype: Any,
) -> tuple[Task, VaeNetwork]:
    """Put a training together from a recipe, what draws a batch of windows, and held-out windows."""
    shape = recipe.shape
    weights = Weights(shape.shapes(), recipe.seed)
    network = VaeNetwork(shape, weights, dtype)

    def loss(labels: Tensor, noise: Tensor, keep: Tensor, part: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        mu, sigma = network.encode(inputs_of(labels, shape))
        logits = network.teacher_forced(mu + sigma * noise, labels, keep)
        errors = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        reconstruction = tf.reduce_mean(tf.reduce_sum(errors, axis=1))
        kl = tf.reduce_sum(0.5 * (mu**2 + sigma**2 - 1.0) - tf.math.log(sigma), axis=1)
        cost = tf.reduce_mean(tf.maximum(kl - recipe.beta.free_nats, 0.0))
        beta, aside = recipe.beta.at(part), distance_together(mu, sigma)
        total = reconstruction + beta * cost + recipe.together * aside
        return total, {"reconstruction": reconstruction, "kl": tf.reduce_mean(kl), "beta": beta, "together": aside}

    def batch(rng: np.random.Generator) -> tuple[np.ndarray[Any, Any], ...]:
        size = recipe.schedule.batch_size
        labels = draw(rng, size).astype(np.int32)
        noise = rng.standard_normal((size, shape.z_size), dtype=np.float32)
        keep = (rng.random(labels.shape) >= recipe.hidden).astype(np.float32)
        return labels, noise, keep

    def evaluate() -> dict[str, float]:
        return reconstruction_figures(network, held_out)

    return Task(recipe.name, weights, recipe.schedule, recipe.seed, loss, batch, evaluate), network


def distance_together(mu: Tensor, sigma: Tensor) -> Tensor:
    """Return the KL divergence, in nats, from the prior to one Gaussian with the moments of a batch's codes.

    Args:
        mu: means, ``[batch, z]``.
        sigma: deviations, ``[batch, z]``.
    """
    centre = tf.reduce_mean(mu, axis=0)
    spread = mu - centre
    count = tf.cast(tf.shape(mu)[0], tf.float32)
    covariance = tf.matmul(spread, spread, transpose_a=True) / count
    covariance += tf.linalg.diag(tf.reduce_mean(sigma**2, axis=0))
    size = tf.cast(tf.shape(mu)[1], tf.float32)
    log_determinant = 2.0 * tf.reduce_sum(tf.math.log(tf.linalg.diag_part(tf.linalg.cholesky(covariance))))
    return 0.5 * (tf.linalg.trace(covariance) + tf.reduce_sum(centre**2) - size - log_determinant)


def reconstruction_figures(network: VaeNetwork, held_out: Labels, batch: int = 512) -> dict[str, float]:
    """Rebuild held-out windows from the mean of their code, without teacher forcing.

    Returns:
        ``accuracy`` of steps, ``onset_f1`` (the right label at the right step), ``exact`` share of windows, ``kl``
        in nats, and ``hold``: the accuracy of always holding (for drums: silence).
    """

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def rebuild(labels: Tensor) -> tuple[Tensor, Tensor]:
        mu, sigma = network.encode(inputs_of(labels, network.shape))
        kl = tf.reduce_sum(0.5 * (mu**2 + sigma**2 - 1.0) - tf.math.log(sigma), axis=1)
        return network.likeliest(mu), kl

    rebuilt, kl = [], []
    for start in range(0, len(held_out), batch):
        part = rebuild(tf.constant(held_out[start : start + batch].astype(np.int32)))
        rebuilt.append(part[0].numpy())
        kl.append(part[1].numpy())
    guess, truth = np.concatenate(rebuilt), held_out
    melody = network.shape.input_depth == network.shape.output_depth
    onset_truth, onset_guess = (truth > OFF, guess > OFF) if melody else (truth != HOLD, guess != HOLD)
    hits = (onset_truth & onset_guess & (truth == guess)).sum()
    return {
        "accuracy": float((guess == truth).mean()),
        "onset_f1": float(2 * hits / max(1, onset_truth.sum() + onset_guess.sum())),
        "exact": float((guess == truth).all(axis=1).mean()),
        "kl": float(np.concatenate(kl).mean()),
        "hold": float((truth == HOLD).mean()),
    }
