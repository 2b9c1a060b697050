"""From a model's facts to its encodings."""

from __future__ import annotations

from latentfm.models.event_rnn.encodings.chords import ChordEncoding, MajorMinorChords, PitchChords, TriadChords
from latentfm.models.event_rnn.encodings.conditional import ConditionalEncoding
from latentfm.models.event_rnn.encodings.cursor import Encoding
from latentfm.models.event_rnn.encodings.key_melody import KeyMelodyEncoding
from latentfm.models.event_rnn.encodings.lookback import LookbackEncoding
from latentfm.models.event_rnn.encodings.one_hot import (
    DrumsOneHot,
    MelodyOneHot,
    OneDrumOneHot,
    OneHot,
    PolyphonyOneHot,
)
from latentfm.models.event_rnn.facts import EncodingFacts


def encoding_of(facts: EncodingFacts) -> Encoding:
    """Return the encoding that a model's facts name."""
    target: Encoding
    if facts.encoding == "key_melody":
        target = KeyMelodyEncoding(facts.min_note, facts.max_note)
    else:
        target = LookbackEncoding(_one_hot(facts), facts.lookback_distances, facts.counter_bits)
    control = _chords(facts)
    return target if control is None else ConditionalEncoding(control, target)


def _chords(facts: EncodingFacts) -> ChordEncoding | None:
    match facts.chords:
        case "major_minor":
            return MajorMinorChords()
        case "triad":
            return TriadChords()
        case "pitches":
            return PitchChords()
        case None:
            return None


def _one_hot(facts: EncodingFacts) -> OneHot:
    match facts.encoding:
        case "drums":
            return DrumsOneHot()
        case "one_drum":
            return OneDrumOneHot()
        case "polyphony":
            return PolyphonyOneHot()
        case _:
            return MelodyOneHot(facts.min_note, facts.max_note)
