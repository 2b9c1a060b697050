"""Event RNNs: MelodyRNN and DrumsRNN continue what was played."""

from latentfm.models.event_rnn.engine import Continuation, Event, EventRNN, moved, squash, squash_shift
from latentfm.models.event_rnn.facts import RnnFacts

__all__ = ["Continuation", "Event", "EventRNN", "RnnFacts", "moved", "squash", "squash_shift"]
