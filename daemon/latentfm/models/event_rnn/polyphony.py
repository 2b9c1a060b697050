"""Several voices as one stream of events: PolyphonyRNN's language.

A step is written as its notes from the highest down, each new or continued, and then an end of the step; a note
that is not continued has ended. Events are the classes that the network draws: start, end, end of a step, 128 new
notes, 128 continued ones. Source: magenta/models/polyphony_rnn/polyphony_lib.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from latentfm.models.events import MelodyNote

START, END, STEP_END = 0, 1, 2
NEW_NOTE, CONTINUED_NOTE = 3, 131  # of pitch 0; the other pitches follow
EVENT_CLASSES = 259


def new_note(pitch: int) -> int:
    """Return the event of a note that begins."""
    return NEW_NOTE + pitch


def continued_note(pitch: int) -> int:
    """Return the event of a note that goes on from the step before."""
    return CONTINUED_NOTE + pitch


def count_steps(events: Iterable[int]) -> int:
    """Return how many steps have ended."""
    return sum(event == STEP_END for event in events)


def notes_to_events(notes: Iterable[MelodyNote], steps: int) -> list[int]:
    """Write the notes of all voices as events of ``steps`` steps, with the start and without an end.

    A note that reaches beyond the last step is cut there.
    """
    starting: dict[int, list[int]] = {}
    ending: dict[int, list[int]] = {}
    for note in notes:
        starting.setdefault(note.onset, []).append(note.pitch)
        ending.setdefault(note.onset + note.length, []).append(note.pitch)
    events, sounding = [START], list[int]()
    for step in range(steps):
        for pitch in ending.get(step, ()):
            sounding.remove(pitch)
        new = starting.get(step, [])
        now = [(pitch, continued_note(pitch)) for pitch in sounding] + [(pitch, new_note(pitch)) for pitch in new]
        events += [event for _, event in sorted(now, key=lambda pair: -pair[0])]
        events.append(STEP_END)
        sounding += new
    return events


def events_to_notes(events: Sequence[int]) -> list[MelodyNote]:
    """Read events as notes, in the order in which they end; what follows the last end of a step is left out.

    A continued note that was not sounding is left out, as Magenta does.
    """
    notes: list[MelodyNote] = []
    active: list[tuple[int, int]] = []  # pitch and onset, the earliest first
    ending: Counter[int] = Counter()
    step = 0

    def close(pending: Counter[int]) -> None:
        for pitch, onset in active.copy():
            if pending[pitch] > 0:
                pending[pitch] -= 1
                active.remove((pitch, onset))
                notes.append(MelodyNote(onset, step - onset, pitch))

    for event in events[: _last_step_end(events)]:
        if event >= CONTINUED_NOTE:
            ending[event - CONTINUED_NOTE] -= ending[event - CONTINUED_NOTE] > 0
        elif event >= NEW_NOTE:
            active.append((event - NEW_NOTE, step))
        elif event == STEP_END:
            close(ending)
            step += 1
            ending = Counter(pitch for pitch, _ in active)
    close(ending)
    return notes


def first_steps(events: Sequence[int], steps: int) -> list[int]:
    """Return the events of the first ``steps`` steps, padded with silence; ends are left out where they trail.

    Source: PolyphonicSequence.set_length.
    """
    kept = list(events)
    while kept and kept[-1] == END:
        kept.pop()
    kept.append(STEP_END)
    ends = [index for index, event in enumerate(kept) if event == STEP_END]
    if steps == 0:
        return [START]
    if len(ends) >= steps:
        return kept[: ends[steps - 1] + 1]
    return kept + [STEP_END] * (steps - len(ends))


def _last_step_end(events: Sequence[int]) -> int:
    for index in reversed(range(len(events))):
        if events[index] == STEP_END:
            return index + 1
    return 0
