"""The network's state along a batch of sequences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentfm.models.event_rnn.encodings import Cursor
from latentfm.models.event_rnn.facts import RnnFacts
from latentfm.models.playable import Array, Steps, log_probabilities


class Walk:
    """The state of the network after the steps it has taken.

    The attention's memory is a ring: attention does not ask in which order its steps lie.
    """

    def __init__(self, facts: RnnFacts, steps: Steps, batch: int = 1) -> None:
        self._steps, self._position, self._length = steps, 0, facts.attn_length
        self._state: dict[str, Array] = {}
        for layer, units in enumerate(facts.layer_sizes):
            self._state |= {f"{part}{layer}": np.zeros((batch, units), np.float32) for part in "ch"}
        if facts.attn_length:
            units = facts.layer_sizes[0]
            self._state["attention"] = np.zeros((batch, units), np.float32)
            for name in ("memory", "features"):
                self._state[name] = np.zeros((batch, facts.attn_length, units), np.float32)

    def step(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take one step: inputs ``[batch, input_size]`` to logits ``[batch, classes]``."""
        outputs = self._steps("step", inputs=inputs, **self._state)
        logits: NDArray[np.float32] = outputs.pop("logits")
        if self._length:
            slot = self._position % self._length
            self._state["memory"][:, slot] = outputs.pop("output")
            self._state["features"][:, slot] = outputs.pop("feature")
        self._state |= outputs
        self._position += 1
        return logits

    def feed(self, cursor: Cursor, events: Sequence[int]) -> NDArray[np.float32]:
        """Let the network of a batch of one see events, at least one; return its logits ``[events, classes]``."""
        return np.concatenate([self.step(cursor.push(event)[None]) for event in events])

    def spread(self, batch: int) -> None:
        """Go on as ``batch`` sequences from the one so far."""
        self._state = {name: np.repeat(value, batch, axis=0) for name, value in self._state.items()}


def log_likelihood(logits: NDArray[np.float32], labels: Sequence[int]) -> float:
    """Return how likely labels are, one for each row of logits, in nats."""
    return float(log_probabilities(logits, np.array(labels, dtype=np.intp)).sum())
