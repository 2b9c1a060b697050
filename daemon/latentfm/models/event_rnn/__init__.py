"""Event RNNs: MelodyRNN, DrumsRNN, ImprovRNN and PolyphonyRNN continue what was played."""

from latentfm.models.event_rnn.configurations import CONFIGURATIONS, RnnConfiguration
from latentfm.models.event_rnn.engine import Continuation, Event, EventRNN
from latentfm.models.event_rnn.facts import RnnFacts
from latentfm.models.event_rnn.melody import moved, squash, squash_shift
from latentfm.models.event_rnn.polyphony_rnn import PolyphonyRNN

__all__ = [
    "CONFIGURATIONS",
    "Continuation",
    "Event",
    "EventRNN",
    "PolyphonyRNN",
    "RnnConfiguration",
    "RnnFacts",
    "moved",
    "squash",
    "squash_shift",
]
