"""Which examples a model can be measured on."""

from __future__ import annotations

from latentfm.models.card import Card
from latentfm.models.event_rnn import RnnFacts
from latentfm.models.event_rnn.facts import EncodingFacts
from latentfm.models.music_vae import VaeFacts
from latentfm.models.music_vae.configurations import VaeConfiguration
from latentfm.training.configurations import CONFIGURATIONS, Configuration, steps_of


def misfit(card: Card, examples: Configuration, metre: str) -> str | None:
    """Say what keeps a model from being measured on examples, and what to do; None where nothing does.

    Args:
        card: the model's.
        examples: the configuration that they were made for.
        metre: theirs.
    """
    why = _why(card, examples, metre)
    if why is None:
        return None
    own = sorted(CONFIGURATIONS, key=lambda name: not name.startswith(card.config))  # what ships has names of its own
    fitting = next((name for name in own if _why(card, CONFIGURATIONS[name], card.metre) is None), None)
    if fitting is None:
        return f"{why}; no examples can be made for it here: its card says how it was measured"
    more = "" if card.metre == "4/4" else f" --metre {card.metre}"
    return f"{why}: make examples for it with latentfm dataset examples DATA OUT --model {fitting}{more}"


def _why(card: Card, examples: Configuration, metre: str) -> str | None:
    facts = card.model
    if not isinstance(facts, VaeFacts | RnnFacts):
        return "it is a model of sounds, and the examples are of notes"
    if isinstance(facts, VaeFacts) != isinstance(examples, VaeConfiguration):
        kinds = ("windows", "event sequences") if isinstance(facts, VaeFacts) else ("event sequences", "windows")
        return f"it reads {kinds[0]}, and the examples are {kinds[1]}"
    if isinstance(examples, VaeConfiguration):
        return _of_windows(facts, examples, examples.bars * steps_of(metre))
    return _of_events(facts, examples.encoding)


def _of_windows(facts: VaeFacts | RnnFacts, examples: VaeConfiguration, steps: int) -> str | None:
    if facts.representation != examples.representation:
        return f"it plays {facts.representation}, and the examples hold {examples.representation}"
    if isinstance(facts, VaeFacts) and facts.steps != steps:
        return f"it has windows of {facts.steps} steps, and the examples of {steps}"
    return None


def _of_events(facts: VaeFacts | RnnFacts, examples: EncodingFacts) -> str | None:
    if facts.representation != examples.representation:
        return f"it plays {facts.representation}, and the examples hold {examples.representation}"
    if facts.steps_per_quarter != examples.steps_per_quarter:
        grids = facts.steps_per_quarter, examples.steps_per_quarter
        return f"it counts {grids[0]} steps to a quarter, and the examples {grids[1]}"
    if not isinstance(facts, RnnFacts):
        return None
    if facts.representation == "drums" and facts.encoding != examples.encoding:
        return f"it reads drums as {facts.encoding}, and the examples have them as {examples.encoding}"
    if facts.representation == "melody":
        return _of_melodies(facts, examples)
    return None


def _of_melodies(facts: RnnFacts, examples: EncodingFacts) -> str | None:
    if facts.min_note > examples.min_note or facts.max_note < examples.max_note:
        return (
            f"it has the pitches {facts.min_note} to {facts.max_note - 1}, and the examples {examples.min_note} to "
            f"{examples.max_note - 1}"
        )
    if facts.transpose_to_key is not None and facts.transpose_to_key != examples.transpose_to_key:
        return "it knows melodies in one key, and the examples are in others too"
    if facts.chords is not None and facts.chords != examples.chords:
        given = "have none" if examples.chords is None else f"give them as {examples.chords}"
        return f"it follows chords given as {facts.chords}, and the examples {given}"
    return None
