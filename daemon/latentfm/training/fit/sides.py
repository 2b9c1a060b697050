"""Examples as the networks take them: cut to a length, encoded, transposed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from latentfm.models.card import ANY_METRE
from latentfm.models.event_rnn.encodings import encoding_of
from latentfm.models.event_rnn.facts import EncodingFacts
from latentfm.models.event_rnn.polyphony import CONTINUED_NOTE, NEW_NOTE, START, STEP_END
from latentfm.models.events import OFF, Labels
from latentfm.training.configurations import steps_of
from latentfm.training.data.examples import Examples as Raw
from latentfm.training.fit.rnn import Examples, encode

_PIANO = 88  # keys
_LENGTH: Final = 128  # steps of a stretch: eight bars of 4/4
_EVENTS: Final = 512  # of several voices: some six bars of four
_BARS_OF_ANY: Final = 48  # sixteenths: whole bars of 4/4, 3/4 and 6/8


def bar_of(facts: EncodingFacts, metre: str) -> int:
    """Return the steps in a bar; of any metre those in the shortest stretch of whole bars of the usual ones."""
    sixteenths = _BARS_OF_ANY if metre == ANY_METRE else steps_of(metre)
    return max(1, sixteenths * facts.steps_per_quarter // 4)


def whole_bars(asked: int | None, facts: EncodingFacts, metre: str) -> int:
    """Return the length of stretches in events: at most what was asked for and whole bars, and at least one bar.

    Several voices have many events in a step; their stretches end with a step, wherever it lies.
    """
    if facts.representation == "polyphony":
        return asked or _EVENTS
    bar = bar_of(facts, metre)
    return max(1, (asked or _LENGTH) // bar) * bar


def cut(raw: Raw, facts: EncodingFacts, length: int) -> tuple[list[list[int]], list[list[str]]]:
    """Cut sequences into stretches of ``length`` events and the one after them, and the chords beside them.

    Stretches of several voices begin with the start, as everything that such a model draws does, and the notes that
    sound on from before begin anew.
    """
    events: list[list[int]] = []
    chords: list[list[str]] = []
    for index, array in enumerate(raw.sequences):
        sequence = [int(event) for event in array]
        if facts.representation == "polyphony":
            events += _steps(sequence, length)
            continue
        for start in range(0, max(1, len(sequence) - 1), length):
            events.append(sequence[start : start + length + 1])
            if raw.chords:
                chords.append(raw.chords[index][start : start + length + 1])
    return events, chords


def _steps(sequence: list[int], length: int) -> Iterator[list[int]]:
    """Cut the events of several voices behind ends of steps, each stretch with a start and at most ``length`` more."""
    rest = sequence[1:]
    while rest:
        end = length
        if len(rest) > length and STEP_END in rest[:length]:
            end -= rest[:length][::-1].index(STEP_END)
        first = rest.index(STEP_END) if STEP_END in rest else len(rest)
        anew = [event - CONTINUED_NOTE + NEW_NOTE if event >= CONTINUED_NOTE else event for event in rest[:first]]
        yield [START, *anew[:end], *rest[first:end]]
        rest = rest[end:]


def encoded(raw: Raw, facts: EncodingFacts, length: int, most: int | None = None) -> Examples:
    """Cut and encode sequences; of more than ``most`` stretches some, the same ones each time."""
    events, chords = cut(raw, facts, length)
    chosen = some(len(events), most)
    return encode(
        [events[i] for i in chosen], encoding_of(facts), length, [chords[i] for i in chosen] if chords else []
    )


def some(count: int, most: int | None) -> list[int]:
    """Return which of so many are looked at where at most ``most`` are, the same ones each time."""
    if most is None or count <= most:
        return list(range(count))
    chosen: list[int] = sorted(np.random.default_rng(0).permutation(count)[:most].tolist())
    return chosen


def transposed(windows: Labels, reach: tuple[int, int], rng: np.random.Generator) -> Labels:
    """Transpose each window of melody labels at random, as far as it stays on the piano: Magenta's augmentation."""
    sounding = windows > OFF
    lowest = np.where(sounding, windows, np.iinfo(np.int16).max).min(axis=1).astype(int)
    highest = np.where(sounding, windows, 0).max(axis=1).astype(int)
    shifts = rng.integers(reach[0], reach[1] + 1, len(windows))
    shifts = np.clip(shifts, np.minimum(0, OFF + 1 - lowest), np.maximum(0, OFF + _PIANO - highest))
    return np.where(sounding, windows + shifts[:, None], windows).astype(np.int16)
