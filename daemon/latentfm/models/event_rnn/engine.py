"""Event RNNs: MelodyRNN and DrumsRNN continue what was played.

Stacked LSTMs, with attention over the last steps where the configuration has it (Magenta's
``attention_rnn`` and ``drum_kit``). Sources: magenta/models/shared/events_rnn_model.py and
events_rnn_graph.py, magenta/models/melody_rnn, magenta/models/drums_rnn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentfm.models.event_rnn.encodings import (
    NO_EVENT,
    NOTE_OFF,
    DrumsOneHot,
    Encoding,
    KeyMelodyEncoding,
    LookbackEncoding,
    MelodyOneHot,
)
from latentfm.models.event_rnn.facts import RnnFacts
from latentfm.models.events import drum_label_to_pitches, drum_pitches_to_label
from latentfm.models.playable import Array, Representation, Steps, draw

Event = int | frozenset[int]
_MAJOR = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1])


@dataclass(frozen=True)
class Continuation:
    """What was drawn after a primer, and its log-likelihood in nats."""

    events: tuple[Event, ...]
    log_likelihood: float


def encoding_of(facts: RnnFacts) -> Encoding:
    """Return the encoding that a model's facts name."""
    match facts.encoding:
        case "key_melody":
            return KeyMelodyEncoding(facts.min_note, facts.max_note)
        case "drums":
            return LookbackEncoding(DrumsOneHot(), facts.lookback_distances, facts.counter_bits)
        case _:
            one_hot = MelodyOneHot(facts.min_note, facts.max_note)
            return LookbackEncoding(one_hot, facts.lookback_distances, facts.counter_bits)


class EventRNN:
    """An event RNN that plays."""

    def __init__(self, facts: RnnFacts, steps: Steps) -> None:
        self._facts, self._steps = facts, steps
        self._encoding = encoding_of(facts)

    @property
    def representation(self) -> Representation:
        """What its events mean."""
        return self._facts.representation

    def continue_primer(
        self,
        primer: Sequence[Event],
        steps: int,
        rng: np.random.Generator,
        temperature: float = 1.0,
        candidates: int = 1,
    ) -> list[Continuation]:
        """Draw what may follow a primer.

        Args:
            primer: events from the start of a bar on; at least one. Melodies are moved into the model's key and
                range and back again.
            steps: sixteenths to draw.
            rng: where the draws come from.
            temperature: above 1 is more surprising, below 1 less.
            candidates: how many continuations to draw at once.

        Returns:
            The continuations without their primer, in the order in which they were drawn.

        Raises:
            ValueError: the primer is empty.
        """
        if not primer:
            raise ValueError("a primer needs at least one event")
        shift = self._shift(primer)
        cursor, walk = self._encoding.cursor(), _Walk(self._facts, self._steps, 1)
        for event in self._moved(primer, shift):
            logits = walk.step(cursor.push(event)[None])
        walk.spread(candidates)
        logits = np.repeat(logits, candidates, axis=0)
        cursors = [cursor.copy() for _ in range(candidates)]
        uniforms = rng.random((steps, candidates))
        drawn: list[list[int]] = [[] for _ in range(candidates)]
        likelihood = np.zeros(candidates)
        for step in range(steps):
            classes, likely = draw(logits, temperature, uniforms[step])
            likelihood += likely
            for events, place, label in zip(drawn, cursors, classes, strict=True):
                events.append(place.event(int(label)))
            if step + 1 < steps:
                logits = walk.step(
                    np.stack([place.push(events[-1]) for events, place in zip(drawn, cursors, strict=True)])
                )
        return [
            Continuation(tuple(self._outside(event, shift) for event in events), float(value))
            for events, value in zip(drawn, likelihood, strict=True)
        ]

    def log_likelihood(self, events: Sequence[Event]) -> float:
        """Return how likely all events after the first are, in nats."""
        cursor, walk = self._encoding.cursor(), _Walk(self._facts, self._steps, 1)
        total, logits = 0.0, None
        for event in self._moved(events, self._shift(events)):
            if logits is not None:
                row = logits[0].astype(np.float64)
                total += float(row[cursor.label(event)] - row.max() - np.log(np.exp(row - row.max()).sum()))
            logits = walk.step(cursor.push(event)[None])
        return total

    def _shift(self, events: Sequence[Event]) -> int:
        """Return the transposition into the model's key and range."""
        facts = self._facts
        if facts.representation == "drums" or facts.transpose_to_key is None:
            return 0
        melody = [event for event in events if isinstance(event, int)]
        return squash_shift(melody, facts.min_note, facts.max_note, facts.transpose_to_key)

    def _moved(self, events: Sequence[Event], shift: int) -> list[int]:
        if self._facts.representation == "drums":
            return [drum_pitches_to_label(event) for event in events if isinstance(event, frozenset)]
        low, high = self._facts.min_note, self._facts.max_note
        return moved([event for event in events if isinstance(event, int)], shift, low, high)

    def _outside(self, event: int, shift: int) -> Event:
        if self._facts.representation == "drums":
            return frozenset(drum_label_to_pitches(event))
        return event if event in (NO_EVENT, NOTE_OFF) else event - shift


def squash_shift(melody: Sequence[int], min_note: int, max_note: int, key: int) -> int:
    """Return the transposition of a melody into a major key and the middle of a range.

    Source: note_seq/melodies_lib.py, Melody.squash.
    """
    pitches = [event for event in melody if event >= 0]
    if not pitches:
        return 0
    histogram = np.bincount(np.array(pitches) % 12, minlength=12)
    own_key = int(np.argmax([(histogram * np.roll(_MAJOR, tonic)).sum() for tonic in range(12)]))
    to_key = key - own_key
    centre = (min_note + max_note - 1) / 2 - ((min(pitches) + max(pitches)) / 2 + to_key)
    return to_key + 12 * round(centre / 12)


def moved(melody: Sequence[int], shift: int, min_note: int, max_note: int) -> list[int]:
    """Transpose a melody and bring what leaves ``[min_note, max_note)`` back by octaves."""
    return [_fold(event + shift, min_note, max_note) if event >= 0 else event for event in melody]


def squash(melody: Sequence[int], min_note: int = 48, max_note: int = 84, key: int = 0) -> list[int]:
    """Move a melody into a major key and a range."""
    return moved(melody, squash_shift(melody, min_note, max_note, key), min_note, max_note)


def _fold(pitch: int, low: int, high: int) -> int:
    """Bring a pitch into ``[low, high)`` by octaves."""
    if pitch < low:
        return low + (pitch - low) % 12
    return high - 12 + (pitch - high) % 12 if pitch >= high else pitch


class _Walk:
    """The network's state for a batch of sequences.

    The attention's memory is a ring: attention does not ask in which order its steps lie.
    """

    def __init__(self, facts: RnnFacts, steps: Steps, batch: int) -> None:
        self._steps, self._position, self._length = steps, 0, facts.attn_length
        self._state: dict[str, Array] = {}
        for layer, units in enumerate(facts.layer_sizes):
            self._state |= {
                f"c{layer}": np.zeros((batch, units), np.float32),
                f"h{layer}": np.zeros((batch, units), np.float32),
            }
        if facts.attn_length:
            units = facts.layer_sizes[0]
            self._state["attention"] = np.zeros((batch, units), np.float32)
            self._state["memory"] = np.zeros((batch, facts.attn_length, units), np.float32)
            self._state["features"] = np.zeros((batch, facts.attn_length, units), np.float32)

    def step(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take one step; return the logits ``[batch, classes]``."""
        outputs = self._steps("step", inputs=inputs, **self._state)
        logits: NDArray[np.float32] = outputs.pop("logits")
        if self._length:
            slot = self._position % self._length
            self._state["memory"][:, slot] = outputs.pop("output")
            self._state["features"][:, slot] = outputs.pop("feature")
        self._state |= outputs
        self._position += 1
        return logits

    def spread(self, batch: int) -> None:
        """Go on as ``batch`` sequences from the one so far."""
        self._state = {name: np.repeat(value, batch, axis=0) for name, value in self._state.items()}
