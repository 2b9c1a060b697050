"""Event RNNs that go step by step: MelodyRNN, DrumsRNN and ImprovRNN continue what was played.

Stacked LSTMs, with attention over the last steps where the configuration has it. Sources:
magenta/models/shared/events_rnn_model.py and events_rnn_graph.py; melody_rnn/melody_rnn_model.py,
drums_rnn/drums_rnn_model.py and improv_rnn/improv_rnn_model.py there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentfm.models.event_rnn.encodings import Cursor, transpose_chord
from latentfm.models.event_rnn.melody import moved, squash_shift
from latentfm.models.event_rnn.player import Player
from latentfm.models.event_rnn.walk import Walk, log_likelihood
from latentfm.models.events import drum_label_to_pitches, drum_pitches_to_label
from latentfm.models.playable import Array, choose, log_probabilities

Event = int | frozenset[int]
_HAND_CLAP = 39  # what a model of one drum plays


@dataclass(frozen=True)
class Continuation:
    """What was drawn after a primer, and its log-likelihood in nats."""

    events: tuple[Event, ...]
    log_likelihood: float


class EventRNN(Player):
    """An event RNN that plays."""

    @property
    def follows_chords(self) -> bool:
        """Whether it needs a chord for each step."""
        return self._facts.chords is not None

    def continue_primer(
        self,
        primer: Sequence[Event],
        steps: int,
        rng: np.random.Generator,
        temperature: float = 1.0,
        candidates: int = 1,
        chords: Sequence[str] | None = None,
    ) -> list[Continuation]:
        """Draw what may follow a primer.

        Args:
            primer: events from the start of a bar on; at least one. Melodies are moved into the model's key and
                range and back again.
            steps: how many to draw, of the model's grid (``steps_per_quarter``).
            rng: where the draws come from.
            temperature: above 1 is more surprising, below 1 less; at 0 the likeliest is taken.
            candidates: how many continuations to draw at once.
            chords: for ImprovRNN, a figure such as "Am", "G7" or "N.C." for each step, the primer's first; behind
                the last of them it goes on sounding.

        Returns:
            The continuations without their primer, in the order in which they were drawn.

        Raises:
            ValueError: the primer is empty, or chords are given to a model that follows none.
            ModelError: a chord is none or unknown to the model, or a model that follows chords is given none.
        """
        if not primer:
            raise ValueError("a primer needs at least one event")
        shift = self._shift(primer)
        cursor, walk = self._cursor(chords, shift), Walk(self._facts, self._steps)
        logits = np.repeat(walk.feed(cursor, self._inward(primer, shift))[-1:], candidates, axis=0)
        walk.spread(candidates)
        cursors = [cursor, *(cursor.copy() for _ in range(candidates - 1))]
        uniforms = rng.random((steps, candidates))
        drawn: list[list[int]] = []
        seen, classes = [logits], list[Array]()
        for step in range(steps):
            classes.append(choose(seen[-1], temperature, uniforms[step]))
            drawn.append([place.event(label) for place, label in zip(cursors, classes[-1].tolist(), strict=True)])
            if step + 1 < steps:
                inputs = [place.push(event) for place, event in zip(cursors, drawn[-1], strict=True)]
                seen.append(walk.step(np.stack(inputs) if candidates > 1 else inputs[0][None]))
        likely = log_probabilities(np.concatenate(seen), np.concatenate(classes)).reshape(steps, candidates)
        return [
            Continuation(tuple(self._outward(events, shift)), value)
            for events, value in zip(zip(*drawn, strict=True), likely.sum(axis=0).tolist(), strict=True)
        ]

    def logits(self, events: Sequence[Event], chords: Sequence[str] | None = None) -> NDArray[np.float32]:
        """Return what the model says after each event, ``[events, classes]``; arguments as for a primer."""
        shift = self._shift(events)
        return Walk(self._facts, self._steps).feed(self._cursor(chords, shift), self._inward(events, shift))

    def log_likelihood(self, events: Sequence[Event], chords: Sequence[str] | None = None) -> float:
        """Return how likely all events after the first are, in nats; arguments as for a primer."""
        shift = self._shift(events)
        cursor, labels = self._cursor(chords, shift), list[int]()
        for event in self._inward(events, shift):
            labels.append(cursor.label(event))
            cursor.push(event)
        return log_likelihood(self.logits(events, chords)[:-1], labels[1:])

    def _cursor(self, chords: Sequence[str] | None, shift: int) -> Cursor:
        if chords and not self.follows_chords:
            raise ValueError("this model follows no chords")
        return self._encoding.cursor([transpose_chord(figure, shift) for figure in chords or ()])

    def _shift(self, events: Sequence[Event]) -> int:
        """Return the transposition into the model's key and range."""
        facts = self._facts
        if facts.representation == "drums":
            return 0
        melody = [event for event in events if isinstance(event, int)]
        return squash_shift(melody, facts.min_note, facts.max_note, facts.transpose_to_key)

    def _inward(self, events: Sequence[Event], shift: int) -> list[int]:
        """Return events as the encoding writes them."""
        facts = self._facts
        if facts.representation == "drums":
            drums = [event for event in events if isinstance(event, frozenset)]
            if facts.encoding == "one_drum":
                return [int(bool(pitches)) for pitches in drums]
            return [drum_pitches_to_label(pitches) for pitches in drums]
        return moved([event for event in events if isinstance(event, int)], shift, facts.min_note, facts.max_note)

    def _outward(self, events: Sequence[int], shift: int) -> Sequence[Event]:
        """Return drawn events as they are outside."""
        facts = self._facts
        if facts.representation != "drums":
            return moved(events, -shift)
        if facts.encoding == "one_drum":
            return [frozenset({_HAND_CLAP} if hit else ()) for hit in events]
        return [frozenset(drum_label_to_pitches(label)) for label in events]
