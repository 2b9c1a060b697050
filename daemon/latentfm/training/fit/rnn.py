"""Train an event RNN: predict each event from those before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from latentfm.models.event_rnn.encodings import Encoding
from latentfm.training.fit.loop import Schedule, Task
from latentfm.training.networks.cells import Tensor, Weights
from latentfm.training.networks.rnn_network import RnnNetwork, RnnShape


@dataclass(frozen=True)
class RnnRecipe:
    """Everything besides the data that a training of an event RNN depends on."""

    name: str
    config: str
    layer_sizes: tuple[int, ...]
    attn_length: int
    schedule: Schedule
    steps: int = 96  # six bars of 4/4
    keep: float = 0.7  # share of outputs that dropout keeps
    seed: int = 3


@dataclass(frozen=True)
class Examples:
    """Encoded sequences: inputs int8 ``[n, steps, input_size]``, labels and mask ``[n, steps]``."""

    inputs: NDArray[np.int8]
    labels: NDArray[np.int16]
    mask: NDArray[np.bool_]


def encode(sequences: Sequence[Sequence[int]], encoding: Encoding, steps: int) -> Examples:
    """Encode event sequences; each input's label is the event after it.

    Sequences longer than ``steps + 1`` are cut there, shorter ones are padded and masked.
    """
    inputs = np.zeros((len(sequences), steps, encoding.input_size), dtype=np.int8)
    labels = np.zeros((len(sequences), steps), dtype=np.int16)
    mask = np.zeros((len(sequences), steps), dtype=np.bool_)
    for row, events in enumerate(sequences):
        cursor = encoding.cursor()
        for step, (event, following) in enumerate(pairwise(events[: steps + 1])):
            inputs[row, step] = cursor.push(event)
            labels[row, step] = cursor.label(following)
            mask[row, step] = True
    return Examples(inputs, labels, mask)


def rnn_task(
    recipe: RnnRecipe, encoding: Encoding, examples: Examples, held_out: Examples, dtype: Any
) -> tuple[Task, RnnNetwork]:
    """Put a training together from a recipe and encoded sequences."""
    shape = RnnShape(encoding.input_size, encoding.num_classes, recipe.layer_sizes, recipe.attn_length)
    weights = Weights(shape.shapes(), recipe.seed)
    network = RnnNetwork(shape, weights, dtype)

    def errors(inputs: Tensor, labels: Tensor, drop: Any) -> Tensor:
        logits = network.logits(tf.cast(inputs, tf.float32), drop)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.cast(labels, tf.int32), logits=logits), logits

    def loss(
        inputs: Tensor, labels: Tensor, mask: Tensor, seed: Tensor, part: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        del part
        calls = iter(range(10_000))

        def drop(x: Tensor) -> Tensor:
            return tf.nn.experimental.stateless_dropout(x, 1.0 - recipe.keep, seed=seed + next(calls))

        each, logits = errors(inputs, labels, drop)
        weight = tf.cast(mask, tf.float32)
        mean = tf.reduce_sum(each * weight) / tf.reduce_sum(weight)
        right = tf.cast(tf.argmax(logits, axis=-1) == tf.cast(labels, tf.int64), tf.float32)
        return mean, {"perplexity": tf.exp(mean), "accuracy": tf.reduce_sum(right * weight) / tf.reduce_sum(weight)}

    def batch(rng: np.random.Generator) -> tuple[np.ndarray[Any, Any], ...]:
        rows = rng.integers(0, len(examples.inputs), recipe.schedule.batch_size)
        seed = rng.integers(0, 2**31 - 1, 2, dtype=np.int32)
        return examples.inputs[rows], examples.labels[rows], examples.mask[rows], seed

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def measure(inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        each, logits = errors(inputs, labels, lambda x: x)
        return each, tf.argmax(logits, axis=-1)

    def evaluate() -> dict[str, float]:
        total, right, count = 0.0, 0, 0
        for start in range(0, len(held_out.inputs), 128):
            part = slice(start, start + 128)
            each, guess = measure(held_out.inputs[part], held_out.labels[part])
            mask = held_out.mask[part]
            total += float(each.numpy()[mask].sum())
            right += int((guess.numpy() == held_out.labels[part])[mask].sum())
            count += int(mask.sum())
        return {"perplexity": float(np.exp(total / count)), "accuracy": right / count}

    return Task(recipe.name, weights, recipe.schedule, recipe.seed, loss, batch, evaluate), network


def bigram_perplexity(examples: Examples, held_out: Examples, num_classes: int) -> dict[str, float]:
    """Return what a unigram and a bigram of labels score on held-out sequences, smoothed by adding a tenth."""
    pairs = np.full((num_classes + 1, num_classes), 0.1)
    np.add.at(pairs, (_before(examples, num_classes)[examples.mask], examples.labels[examples.mask]), 1.0)
    bigram = np.log(pairs / pairs.sum(axis=1, keepdims=True))
    unigram = np.log(pairs.sum(axis=0) / pairs.sum())
    before, labels = _before(held_out, num_classes)[held_out.mask], held_out.labels[held_out.mask]
    return {
        "unigram_perplexity": float(np.exp(-unigram[labels].mean())),
        "bigram_perplexity": float(np.exp(-bigram[before, labels].mean())),
    }


def _before(examples: Examples, num_classes: int) -> NDArray[np.int64]:
    """Return the label before each label; the first of a sequence has none."""
    first = np.full((len(examples.labels), 1), num_classes)
    return np.concatenate([first, examples.labels[:, :-1]], axis=1).astype(np.int64)
