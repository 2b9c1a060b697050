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
    length: int = 96  # events of a stretch: six bars of 4/4
    steps_per_quarter: int = 4
    keep: float = 0.7  # share of outputs that dropout keeps
    seed: int = 3


@dataclass(frozen=True)
class Examples:
    """Encoded sequences: labels and mask ``[n, steps]``, and the inputs' entries that are not zero.

    Inputs are one-hot for the most part: a step of 518 numbers has some ten that are not zero. They are kept row after
    row, ``entries[row]`` and ``entries[row + 1]`` being where those of a row begin and end.
    """

    labels: NDArray[np.int16]
    mask: NDArray[np.bool_]
    input_size: int
    steps_of: NDArray[np.int16]
    columns: NDArray[np.int16]
    values: NDArray[np.int8]
    entries: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def inputs(self, rows: NDArray[np.int64]) -> NDArray[np.int8]:
        """Return the inputs of some sequences, ``[rows, steps, input_size]``."""
        dense = np.zeros((len(rows), self.labels.shape[1], self.input_size), dtype=np.int8)
        for place, row in enumerate(rows):
            part = slice(self.entries[row], self.entries[row + 1])
            dense[place, self.steps_of[part], self.columns[part]] = self.values[part]
        return dense


def encode(
    sequences: Sequence[Sequence[int]], encoding: Encoding, steps: int, chords: Sequence[Sequence[str]] = ()
) -> Examples:
    """Encode event sequences; each input's label is the event after it.

    Sequences longer than ``steps + 1`` are cut there, shorter ones are padded and masked.
    """
    labels = np.zeros((len(sequences), steps), dtype=np.int16)
    mask = np.zeros((len(sequences), steps), dtype=np.bool_)
    found: list[tuple[NDArray[Any], NDArray[Any], NDArray[np.int8]]] = []
    for row, events in enumerate(sequences):
        cursor = encoding.cursor(chords[row]) if chords else encoding.cursor()
        dense = np.zeros((steps, encoding.input_size), dtype=np.int8)
        for step, (event, following) in enumerate(pairwise(events[: steps + 1])):
            dense[step] = cursor.push(event)
            labels[row, step] = cursor.label(following)
            mask[row, step] = True
        at, column = np.nonzero(dense)
        found.append((at, column, dense[at, column]))
    steps_of, columns, values = (np.concatenate(part) for part in zip(*found, strict=True))
    entries = np.cumsum([0, *(len(part[0]) for part in found)])
    sparse = steps_of.astype(np.int16), columns.astype(np.int16), values
    return Examples(labels, mask, encoding.input_size, *sparse, entries)


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
            return tf.nn.experimental.stateless_dropout(x, 1.0 - recipe.keep, seed=tf.stack([seed, next(calls)]))

        each, logits = errors(inputs, labels, drop)
        weight = tf.cast(mask, tf.float32)
        mean = tf.reduce_sum(each * weight) / tf.reduce_sum(weight)
        right = tf.cast(tf.argmax(logits, axis=-1) == tf.cast(labels, tf.int64), tf.float32)
        return mean, {"perplexity": tf.exp(mean), "accuracy": tf.reduce_sum(right * weight) / tf.reduce_sum(weight)}

    def batch(rng: np.random.Generator) -> tuple[np.ndarray[Any, Any], ...]:
        rows = rng.integers(0, len(examples), recipe.schedule.batch_size)
        seed = np.asarray(rng.integers(0, 2**31 - 1), dtype=np.int32)
        return examples.inputs(rows), examples.labels[rows], examples.mask[rows], seed

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def measure(inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        each, logits = errors(inputs, labels, lambda x: x)
        return each, tf.argmax(logits, axis=-1)

    def evaluate() -> dict[str, float]:
        total, right, count = 0.0, 0, 0
        for start in range(0, len(held_out), 128):
            part = np.arange(start, min(start + 128, len(held_out)))
            each, guess = measure(held_out.inputs(part), held_out.labels[part])
            mask = held_out.mask[part]
            total += float(each.numpy()[mask].sum())
            right += int((guess.numpy() == held_out.labels[part])[mask].sum())
            count += int(mask.sum())
        return {"loss": total / count, "perplexity": float(np.exp(total / count)), "accuracy": right / count}

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
