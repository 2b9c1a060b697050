"""What every event RNN that plays has: its facts, its steps and its encoding."""

from __future__ import annotations

from latentfm.models.event_rnn.encodings import encoding_of
from latentfm.models.event_rnn.facts import RnnFacts
from latentfm.models.playable import Representation, Steps


class Player:
    """An event RNN with its playable."""

    def __init__(self, facts: RnnFacts, steps: Steps) -> None:
        self._facts, self._steps = facts, steps
        self._encoding = encoding_of(facts)

    @property
    def representation(self) -> Representation:
        """What its events mean."""
        return self._facts.representation

    @property
    def steps_per_quarter(self) -> int:
        """Steps of its grid to a quarter note."""
        return self._facts.steps_per_quarter
