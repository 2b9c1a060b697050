"""What event RNNs draw, beside the music that was held out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import ModelError
from latentfm.models.event_rnn import EventRNN, PolyphonyRNN, RnnFacts
from latentfm.models.event_rnn.polyphony import count_steps, events_to_notes
from latentfm.models.events import MelodyNote, drum_label_to_pitches, drum_pitches_to_label, events_to_labels
from latentfm.models.events import labels_to_notes as notes_of_labels
from latentfm.models.playable import Steps
from latentfm.training.measure.samples import drum_statistics, melody_statistics

_PRIMERS, _BARS = 60, 6  # continuations that are drawn, and how long they are


def continuation_figures(
    facts: RnnFacts,
    steps: Steps,
    held_out: Sequence[NDArray[np.int32]],
    chords: Sequence[Sequence[str]],
    bar: int,
    seed: int = 0,
) -> dict[str, float]:
    """Let a model go on from the first bar of held-out pieces, and compare what it draws with how they go on.

    Args:
        facts: of the model.
        steps: of the playable.
        held_out: event sequences, as they were extracted.
        chords: beside them, for a model that follows chords.
        bar: steps in a bar.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    if facts.representation == "polyphony":
        return _voices(PolyphonyRNN(facts, steps), held_out, bar, rng)
    model, length = EventRNN(facts, steps), _BARS * bar
    long = [index for index, events in enumerate(held_out) if len(events) >= bar + length]
    if len(long) < 2:  # noqa: PLR2004 - the corpus is halved
        return {}
    chosen = rng.permutation(long)[:_PRIMERS]
    drawn: list[list[int]] = []
    for index in chosen:
        primer = [int(event) for event in held_out[index][:bar]]
        symbols = list(chords[index][: bar + length]) if chords else []
        if facts.representation == "drums":
            kits = [frozenset(drum_label_to_pitches(label)) for label in primer]
            found = model.continue_primer(kits, length, rng)[0].events
            drawn.append([drum_pitches_to_label(event) for event in found if isinstance(event, frozenset)])
        else:
            found = model.continue_primer(primer, length, rng, chords=symbols)[0].events
            drawn.append([event for event in found if isinstance(event, int)])
    truth = [[int(event) for event in held_out[index][bar : bar + length]] for index in long]
    if facts.representation == "drums":
        return drum_statistics(np.array(drawn, np.int16), np.array(truth, np.int16), bar)
    bars = float(_BARS * len(drawn)), float(_BARS * len(truth))
    return melody_statistics(_notes(drawn), _notes(truth), bars)


def _notes(melodies: Sequence[Sequence[int]]) -> list[list[MelodyNote]]:
    return [notes_of_labels(events_to_labels([_on_piano(event) for event in melody])) for melody in melodies]


def _on_piano(event: int) -> int:
    """Bring a pitch that labels have no place for onto the piano by octaves."""
    while 0 <= event < 21:  # noqa: PLR2004 - the lowest key
        event += 12
    while event > 108:  # noqa: PLR2004 - the highest
        event -= 12
    return event


def _voices(
    model: PolyphonyRNN, held_out: Sequence[NDArray[np.int32]], bar: int, rng: np.random.Generator
) -> dict[str, float]:
    try:
        drawn = [voices.notes for voices in model.generate(_BARS * bar, rng, candidates=_PRIMERS // 2)]
    except ModelError:  # it has hardly learnt to end a step
        return {}
    corpus = [events_to_notes([int(event) for event in events]) for events in held_out]
    bars = _BARS * len(drawn), sum(count_steps([int(event) for event in events]) for events in held_out) / bar
    statistics = melody_statistics(drawn, corpus, bars)
    return {name: value for name, value in statistics.items() if "interval" not in name}
