"""Train a MusicVAE, of any shape.

Beta starts small, so that the code is used at all, and rises tenfold between two fifths and seven tenths of
the training, so that samples from the prior become music (`Beta`). The previous label is hidden from the
decoder now and then, which makes it read the code instead (word dropout: Bowman et al., arXiv:1511.06349).

A decoder that only ever saw true labels goes astray after its first mistake: it scored 0.94 of the steps of held-out
tunes when given the true ones, 0.84 without. So a growing share of previous labels is what the decoder itself would
have drawn, all steps in one pass (parallel scheduled sampling: Duckworth et al., arXiv:1906.04331).

A small beta lets the codes of all music lie to one side of the prior: without more, a sixth of the prior was a
hole that decoded to noise. So the codes of a batch, taken together as one Gaussian, are drawn to the prior too.

Between the codes of real music a decoder stutters: one note of seven that it drew there repeated the one before, of
real ones one of twelve. So what it makes of points of the prior is drawn to the intervals of the batch (`intervals`),
as networks are that learn by matching moments (Li et al., arXiv:1502.02761).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from latentfm.models.events import FIRST_PITCH_LABEL, HOLD, OFF, Labels
from latentfm.models.music_vae import VaeFacts
from latentfm.training.fit.loop import Schedule, Task
from latentfm.training.networks.cells import Tensor, Weights
from latentfm.training.networks.vae_network import VaeNetwork
from latentfm.training.networks.vae_variables import variable_shapes

OCTAVE = 12


class BetaOf(Protocol):
    """The weight of the KL term over a training, and the nats that cost nothing."""

    @property
    def free_nats(self) -> float:
        """Nats of each code that are free."""

    def at(self, part: Tensor) -> Tensor:
        """Return beta when ``part`` (0 to 1) of the training is done."""


class ShareOf(Protocol):
    """A share over a training."""

    def at(self, part: Tensor) -> Tensor:
        """Return the share when ``part`` (0 to 1) of the training is done."""


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
        if not self.low:  # no factor leads away from nothing
            return self.high * risen
        return self.low * (self.high / self.low) ** risen


@dataclass(frozen=True)
class OfDrawn:
    """The share of previous labels that are the decoder's own: it grows until the middle of the training."""

    most: float = 0.5

    def at(self, part: Tensor) -> Tensor:
        """Return the share when ``part`` (0 to 1) of the training is done."""
        return self.most * tf.minimum(1.0, 2.0 * part)


@dataclass(frozen=True)
class VaeRecipe:
    """Everything besides the data that a training of a MusicVAE depends on."""

    name: str
    facts: VaeFacts
    schedule: Schedule
    beta: BetaOf
    hidden: float = 0.15  # share of previous labels that are hidden from the decoder
    own: ShareOf = OfDrawn()  # share of previous labels that are the decoder's own
    together: float = 1.0  # weight of the distance between all codes together and the prior
    intervals: float = 0.0  # weight of the divergence of the intervals of samples from those of the batch; of melodies
    transpose: tuple[int, int] | None = None  # semitones that windows of melodies are moved within, at random
    seed: int = 1
    start_from: str | None = None  # the training whose weights this one begins with


def inputs_of(labels: Tensor, facts: VaeFacts) -> Tensor:
    """Return the encoder's inputs: one-hot labels (a trio's side by side), or for drums nine bits and one for silence.

    Source: magenta/models/music_vae/data.py, DrumsConverter with ``roll_input``.
    """
    if not facts.roll_input:
        parts = enumerate(facts.output_depths)
        return tf.concat([tf.one_hot(_part(labels, index), depth) for index, depth in parts], axis=-1)
    bits = tf.cast(tf.bitwise.bitwise_and(labels[..., None], 2 ** tf.range(9)) > 0, tf.float32)
    return tf.concat([bits, tf.cast(labels[..., None] == 0, tf.float32)], axis=-1)


def vae_task(
    recipe: VaeRecipe,
    draw: Callable[[np.random.Generator, int], Labels],
    held_out: Labels,
    dtype: Any,
) -> tuple[Task, VaeNetwork]:
    """Put a training together from a recipe, what draws a batch of windows, and held-out windows."""
    facts = recipe.facts
    weights = Weights(variable_shapes(facts), recipe.seed)
    network = VaeNetwork(facts, weights, dtype)

    def loss(
        labels: Tensor, noise: Tensor, points: Tensor, keep: Tensor, chance: Tensor, part: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        mu, sigma = network.encode(inputs_of(labels, facts))
        z = mu + sigma * noise
        drawn = likeliest_of(network.teacher_forced(tf.stop_gradient(z), labels, keep), labels, facts)
        own = chance < recipe.own.at(part)
        logits = network.teacher_forced(z, tf.stop_gradient(tf.where(own, drawn, labels)), keep)
        reconstruction = tf.reduce_mean(errors_of(logits, labels, facts))
        kl = divergence(mu, sigma)
        cost = tf.reduce_mean(tf.maximum(kl - recipe.beta.free_nats, 0.0))
        beta, aside = recipe.beta.at(part), distance_together(mu, sigma)
        total = reconstruction + beta * cost + recipe.together * aside
        scalars = {"reconstruction": reconstruction, "kl": tf.reduce_mean(kl), "beta": beta, "together": aside}
        if recipe.intervals:
            scalars["intervals"] = strangeness(network, points, labels)
            total += recipe.intervals * scalars["intervals"]
        return total, scalars

    def batch(rng: np.random.Generator) -> tuple[np.ndarray[Any, Any], ...]:
        size = recipe.schedule.batch_size
        labels = draw(rng, size).astype(np.int32)
        noise = rng.standard_normal((size, facts.z_size), dtype=np.float32)
        points = rng.standard_normal((size if recipe.intervals else 0, facts.z_size), dtype=np.float32)
        keep = (rng.random(labels.shape[:2]) >= recipe.hidden).astype(np.float32)
        return labels, noise, points, keep, rng.random(labels.shape, dtype=np.float32)

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def bound(labels: Tensor) -> Tensor:
        mu, sigma = network.encode(inputs_of(labels, facts))
        z = mu + sigma * tf.random.stateless_normal(tf.shape(mu), seed=(recipe.seed, 0))
        cost = tf.maximum(divergence(mu, sigma) - recipe.beta.free_nats, 0.0)
        return errors_of(network.teacher_forced(z, labels), labels, facts) + recipe.beta.at(tf.constant(1.0)) * cost

    def evaluate() -> dict[str, float]:
        losses = [bound(held_out[start : start + 512].astype(np.int32)) for start in range(0, len(held_out), 512)]
        return {"loss": float(np.concatenate(losses).mean()), **reconstruction_figures(network, held_out)}

    return Task(recipe.name, weights, recipe.schedule, recipe.seed, loss, batch, evaluate), network


def _part(labels: Tensor, index: int) -> Tensor:
    """Return the labels of one part; all of them where there is one part only."""
    return labels if labels.shape.rank == 2 else labels[..., index]  # noqa: PLR2004


def errors_of(logits: Tensor, labels: Tensor, facts: VaeFacts) -> Tensor:
    """Return the cross entropy of each window in nats, all steps and parts together: ``[batch]``."""
    parts = tf.split(logits, facts.output_depths, axis=-1)
    errors = [
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=_part(labels, index), logits=part)
        for index, part in enumerate(parts)
    ]
    return tf.reduce_sum(tf.add_n(errors), axis=1)


def likeliest_of(logits: Tensor, labels: Tensor, facts: VaeFacts) -> Tensor:
    """Return the likeliest label of each step and part, in the shape of ``labels``."""
    parts = tf.split(logits, facts.output_depths, axis=-1)
    drawn = tf.stack([tf.argmax(part, axis=-1, output_type=labels.dtype) for part in parts], axis=-1)
    return tf.reshape(drawn, tf.shape(labels))


def divergence(mu: Tensor, sigma: Tensor) -> Tensor:
    """Return the KL divergence of each code from the prior, in nats: ``[batch]``."""
    return tf.reduce_sum(0.5 * (mu**2 + sigma**2 - 1.0) - tf.math.log(sigma), axis=1)


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


def strangeness(network: VaeNetwork, points: Tensor, labels: Tensor) -> Tensor:
    """Return how far the intervals of what is decoded from points lie from those of a batch: KL divergence in nats.

    Args:
        network: of melodies.
        points: of the prior, ``[n, z]``.
        labels: the batch, int ``[batch, steps]``.
    """
    drawn = tf.stop_gradient(network.likeliest(points))
    chances = tf.nn.softmax(network.teacher_forced(points, drawn))
    depth = network.facts.output_depth
    theirs, ours = _intervals(labels, tf.one_hot(labels, depth)), _intervals(drawn, chances)
    return tf.reduce_sum(theirs * tf.math.log(theirs / ours))


def _intervals(labels: Tensor, chances: Tensor) -> Tensor:
    """Return the distribution of the intervals from each step's last pitch to what may be played there: ``[25]``.

    Args:
        labels: what was played, int ``[n, steps]``.
        chances: of each label at each step, ``[n, steps, depth]``.
    """
    steps, pitch = [], tf.zeros_like(labels[:, 0])
    for step in range(labels.shape[1]):
        steps.append(pitch)  # the last one before the step, 0 where there is none yet
        pitch = tf.where(labels[:, step] > OFF, labels[:, step], pitch)
    before = tf.stack(steps, axis=1)
    padded = tf.pad(chances[..., FIRST_PITCH_LABEL:], [[0, 0], [0, 0], [OCTAVE, OCTAVE]])
    reached = before[..., None] - FIRST_PITCH_LABEL + tf.range(2 * OCTAVE + 1)
    shares = tf.gather(padded, tf.maximum(reached, 0), batch_dims=2) * tf.cast(before > OFF, tf.float32)[..., None]
    counted = tf.reduce_sum(shares, axis=[0, 1]) + 1.0  # none is impossible
    return counted / tf.reduce_sum(counted)


def reconstruction_figures(network: VaeNetwork, held_out: Labels, batch: int = 512) -> dict[str, float]:
    """Rebuild held-out windows from the mean of their code, without teacher forcing.

    Returns:
        ``accuracy`` of steps, ``onset_f1`` (the right label at the right step), ``exact`` share of windows, ``kl``
        in nats, and ``hold``: the accuracy of always holding (for drums: silence).
    """

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def rebuild(labels: Tensor) -> tuple[Tensor, Tensor]:
        mu, sigma = network.encode(inputs_of(labels, network.facts))
        return network.likeliest(mu), divergence(mu, sigma)

    rebuilt, kl = [], []
    for start in range(0, len(held_out), batch):
        part = rebuild(tf.constant(held_out[start : start + batch].astype(np.int32)))
        rebuilt.append(part[0].numpy())
        kl.append(part[1].numpy())
    guess, truth = np.concatenate(rebuilt), held_out
    melody = not network.facts.roll_input
    onset_truth, onset_guess = (truth > OFF, guess > OFF) if melody else (truth != HOLD, guess != HOLD)
    hits = (onset_truth & onset_guess & (truth == guess)).sum()
    return {
        "accuracy": float((guess == truth).mean()),
        "onset_f1": float(2 * hits / max(1, onset_truth.sum() + onset_guess.sum())),
        "exact": float((guess == truth).reshape(len(truth), -1).all(axis=1).mean()),
        "kl": float(np.concatenate(kl).mean()),
        "hold": float((truth == HOLD).mean()),
    }
