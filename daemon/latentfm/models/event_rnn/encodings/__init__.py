"""note-seq's and Magenta's encodings of event sequences, computed one event at a time.

Their encoder-decoders look at the whole history for each step: 0.3 ms a step for the key-aware one. A `Cursor`
here carries what the next step needs instead; `tests/models/test_encodings.py` holds each against the
original, event for event.
"""

from latentfm.models.event_rnn.encodings.chords import (
    NO_CHORD,
    ChordEncoding,
    MajorMinorChords,
    PitchChords,
    TriadChords,
    transpose_chord,
)
from latentfm.models.event_rnn.encodings.conditional import ConditionalEncoding
from latentfm.models.event_rnn.encodings.cursor import NO_EVENT, NOTE_OFF, Cursor, Encoding, Vector
from latentfm.models.event_rnn.encodings.key_melody import KeyMelodyEncoding
from latentfm.models.event_rnn.encodings.lookback import LOOKBACK_DISTANCES, LookbackEncoding
from latentfm.models.event_rnn.encodings.of_facts import encoding_of
from latentfm.models.event_rnn.encodings.one_hot import (
    DrumsOneHot,
    MelodyOneHot,
    OneDrumOneHot,
    OneHot,
    PolyphonyOneHot,
)

__all__ = [
    "LOOKBACK_DISTANCES",
    "NOTE_OFF",
    "NO_CHORD",
    "NO_EVENT",
    "ChordEncoding",
    "ConditionalEncoding",
    "Cursor",
    "DrumsOneHot",
    "Encoding",
    "KeyMelodyEncoding",
    "LookbackEncoding",
    "MajorMinorChords",
    "MelodyOneHot",
    "OneDrumOneHot",
    "OneHot",
    "PitchChords",
    "PolyphonyOneHot",
    "TriadChords",
    "Vector",
    "encoding_of",
    "transpose_chord",
]
