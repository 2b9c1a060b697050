"""PolyphonyRNN: several voices, note by note, until a number of steps is filled.

Source: magenta/models/polyphony_rnn/polyphony_sequence_generator.py.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import ModelError
from latentfm.models.event_rnn.encodings import Cursor
from latentfm.models.event_rnn.player import Player
from latentfm.models.event_rnn.polyphony import END, START, STEP_END, count_steps, events_to_notes, first_steps
from latentfm.models.event_rnn.walk import Walk, log_likelihood
from latentfm.models.events import MelodyNote
from latentfm.models.playable import draw

_MOST_EVENTS = 256  # of a step on average: new and continued notes of every pitch


@dataclass(frozen=True)
class Voices:
    """What was drawn: events with the start and what was given, its notes, and its log-likelihood in nats."""

    events: tuple[int, ...]
    notes: tuple[MelodyNote, ...]  # steps count from the first one of ``events``
    log_likelihood: float


@dataclass
class _Candidate:
    """A sequence that grows."""

    cursor: Cursor
    events: list[int]
    given: deque[int] = field(default_factory=deque)  # events that come next whatever the network says
    steps: int = 0
    log_likelihood: float = 0.0

    def take(self, event: int, likelihood: float, given: Sequence[Sequence[int]]) -> None:
        """Append what was drawn."""
        self.events.append(event)
        self.log_likelihood += likelihood
        if event == STEP_END:
            self.steps += 1
            self.given.extend(_given(given, self.steps))

    def take_given(self) -> None:
        """Append what is given, or an end where the candidate has all its steps and waits for others."""
        self.events.append(self.given.popleft() if self.given else END)


class PolyphonyRNN(Player):
    """A PolyphonyRNN that plays."""

    def generate(
        self,
        steps: int,
        rng: np.random.Generator,
        temperature: float = 1.0,
        candidates: int = 1,
        *,
        primer: Sequence[int] = (START,),
        given: Sequence[Sequence[int]] = (),
    ) -> list[Voices]:
        """Draw what may follow a primer, until ``steps`` steps more are filled.

        Args:
            steps: how many to fill, of the model's grid (``steps_per_quarter``).
            rng: where the draws come from, one number for each event.
            temperature: above 1 is more surprising, below 1 less; at 0 the likeliest is taken.
            candidates: how many to draw at once.
            primer: events from their start on (`notes_to_events`), which the network hears first.
            given: events for each step, put before what the network draws there: a melody that it harmonises. Steps
                beyond the last of them get none.

        Returns:
            The candidates with their primer, in the order in which they were begun.

        Raises:
            ValueError: the primer is empty.
            ModelError: the model goes on and on without ending a step.
        """
        if not primer:
            raise ValueError("a primer begins with its start")
        cursor, walk = self._encoding.cursor(), Walk(self._facts, self._steps)
        logits = np.repeat(walk.feed(cursor, primer)[-1:], candidates, axis=0)
        walk.spread(candidates)
        growing = [_Candidate(cursor.copy(), list(primer)) for _ in range(candidates)]
        if primer[-1] in (START, STEP_END):
            for candidate in growing:
                candidate.given.extend(_given(given, 0))
        for _ in range(steps * _MOST_EVENTS):
            drawing = [index for index, one in enumerate(growing) if not one.given and one.steps < steps]
            classes, likely = draw(logits[drawing], temperature, rng.random(len(drawing)))
            for index, event, value in zip(drawing, classes.tolist(), likely.tolist(), strict=True):
                growing[index].take(event, value, given)
            for index in set(range(candidates)).difference(drawing):
                growing[index].take_given()
            if all(candidate.steps >= steps for candidate in growing):
                return [self._finished(candidate, count_steps(primer) + steps) for candidate in growing]
            logits = walk.step(np.stack([candidate.cursor.push(candidate.events[-1]) for candidate in growing]))
        raise ModelError(f"the model drew {_MOST_EVENTS} events a step and did not end {steps} steps")

    def logits(self, events: Sequence[int]) -> NDArray[np.float32]:
        """Return what the model says after each event, ``[events, classes]``."""
        return Walk(self._facts, self._steps).feed(self._encoding.cursor(), events)

    def log_likelihood(self, events: Sequence[int]) -> float:
        """Return how likely all events after the first are, in nats."""
        return log_likelihood(self.logits(events)[:-1], events[1:])

    def _finished(self, candidate: _Candidate, steps: int) -> Voices:
        events = first_steps(candidate.events, steps)
        return Voices(tuple(events), tuple(events_to_notes(events)), candidate.log_likelihood)


def _given(given: Sequence[Sequence[int]], step: int) -> Sequence[int]:
    return given[step] if step < len(given) else ()
