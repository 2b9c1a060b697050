"""Event RNNs from NoteSequence to NoteSequence, with the networks of the parity fixtures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentfm.errors import ModelError
from latentfm.models import catalogue
from latentfm.models.card import read_card
from latentfm.models.event_rnn import EventRNN, PolyphonyRNN, RnnFacts
from latentfm.models.event_rnn.polyphony import (
    END,
    START,
    STEP_END,
    continued_note,
    events_to_notes,
    first_steps,
    new_note,
    notes_to_events,
)
from latentfm.models.event_rnn.sequences import Chance, Stretch, continue_sequence, continue_voices
from latentfm.models.events import MelodyNote
from latentfm.models.playable import Steps
from latentfm.noteseq import NoteSequence

FIXTURES = Path(__file__).parents[1] / "parity" / "fixtures" / "event_rnn"
STEP = 0.125  # seconds, of a sixteenth at 120 a minute


def parts(config: str) -> tuple[RnnFacts, Steps]:
    """Return a fixture's facts and steps."""
    path = FIXTURES / config / f"parity-{config}.json"
    card = read_card(path)
    assert isinstance(card.model, RnnFacts)
    return card.model, Steps(path.with_suffix(".tflite"), card.sha256)


def chance(candidates: int = 1) -> Chance:
    """Return the same draws each time."""
    return Chance(np.random.default_rng(3), 1.0, candidates)


def played(*notes: tuple[int, int, int]) -> NoteSequence:
    """Write notes given as onset, length and pitch."""
    sequence = NoteSequence(ticks_per_quarter=220)
    sequence.tempos.add(qpm=120.0)
    for onset, length, pitch in notes:
        sequence.notes.add(
            start_time=onset * STEP, end_time=(onset + length) * STEP, pitch=pitch, velocity=80, is_drum=pitch < 55
        )
        sequence.total_time = (onset + length) * STEP
    return sequence


@pytest.mark.parametrize("last", [1, 2, 4])
def test_no_note_is_lost_where_a_primer_fills_its_bar(last: int) -> None:
    """A primer that ends inside the last steps of a bar is continued on the very next step (magenta #2051)."""
    model = EventRNN(*parts("attention_rnn"))
    primer = played(*((step, 2, 60 + step % 5) for step in range(0, 16 - last, 2)), (16 - last, last, 67))
    [whole] = continue_sequence(model, primer, Stretch(48 * STEP), chance())
    events = [60, -2, 62, -2, 64, -2, 61, -2, 63, -2, 60, -2, 62, -2, 64, -2][: 16 - last]
    events += [67, *[-2] * (last - 1)]
    assert [(note.start_time, note.pitch) for note in whole.sequence.notes if note.start_time < 16 * STEP] == [
        (note.start_time, note.pitch) for note in primer.notes
    ]
    drawn = model.continue_primer(events, 32, np.random.default_rng(3))[0].events
    onsets = [
        (round(note.start_time / STEP) - 16, note.pitch)
        for note in whole.sequence.notes
        if note.start_time >= 16 * STEP
    ]
    assert onsets == [(step, event) for step, event in enumerate(drawn) if isinstance(event, int) and event >= 0]


def test_candidates_differ_and_begin_alike() -> None:
    """Several continuations are drawn at once, each with what was played before it."""
    model = EventRNN(*parts("drum_kit"))
    primer = played((0, 1, 36), (4, 1, 38), (8, 1, 36), (12, 4, 38))
    several = [one.sequence for one in continue_sequence(model, primer, Stretch(32 * STEP), chance(3))]
    assert len({sequence.SerializeToString() for sequence in several}) == 3
    for sequence in several:
        begun = [(note.start_time, note.pitch) for note in sequence.notes if note.start_time < 16 * STEP]
        assert begun == [(note.start_time, note.pitch) for note in primer.notes]
        assert sequence.notes[-1].start_time < 32 * STEP


def test_the_melody_follows_the_chords_of_its_steps() -> None:
    """Chords behind a step change nothing before it, and come back with the melody."""
    model = EventRNN(*parts("chord_pitches_improv"))
    first, second = played((0, 4, 60), (4, 12, 64)), played((0, 4, 60), (4, 12, 64))
    for sequence, changed in ((first, "G7"), (second, "F#m")):
        for step, figure in ((0, "C"), (32, changed)):
            sequence.text_annotations.add(
                time=step * STEP, text=figure, annotation_type=NoteSequence.TextAnnotation.CHORD_SYMBOL
            )
    [one], [other] = (continue_sequence(model, sequence, Stretch(64 * STEP), chance()) for sequence in (first, second))
    notes = [[(note.start_time, note.pitch) for note in continued.sequence.notes] for continued in (one, other)]
    before = [[note for note in part if note[0] < 32 * STEP] for part in notes]
    assert before[0] == before[1]
    assert notes[0] != notes[1]
    assert [(mark.time, mark.text) for mark in one.sequence.text_annotations] == [(0.0, "C"), (32 * STEP, "G7")]
    logits = model.logits([60, -2, 64], ["C", "C", "G7", "F"])
    np.testing.assert_array_equal(logits[:1], model.logits([60, -2, 64], ["C", "C", "F", "F"])[:1])
    assert not np.array_equal(logits[1], model.logits([60, -2, 64], ["C", "C", "F", "F"])[1])


def test_what_can_not_be_continued_is_refused() -> None:
    """The errors say what is wrong."""
    model = EventRNN(*parts("attention_rnn"))
    with pytest.raises(ModelError, match="nothing to go on from"):
        continue_sequence(model, NoteSequence(), Stretch(4.0), chance())
    with pytest.raises(ModelError, match="notes reach to step 16"):
        continue_sequence(model, played((0, 16, 60)), Stretch(4.0, 1.0), chance())
    with pytest.raises(ModelError, match="leaves nothing to play"):
        continue_sequence(model, played((0, 16, 60)), Stretch(2.0), chance())
    changing = played((0, 16, 60))
    changing.tempos.add(qpm=90.0, time=1.0)
    with pytest.raises(ModelError, match="one tempo and one metre"):
        continue_sequence(model, changing, Stretch(4.0), chance())
    with pytest.raises(ValueError, match="follows no chords"):
        model.continue_primer([60], 4, np.random.default_rng(0), chords=["C"])
    with pytest.raises(ModelError, match="follows chords"):
        EventRNN(*parts("basic_improv")).continue_primer([60], 4, np.random.default_rng(0))


def test_voices_go_through_their_events() -> None:
    """Held, repeated and doubled notes come back as they were; pitches go down within a step."""
    notes = [
        MelodyNote(0, 2, 60),
        MelodyNote(0, 4, 67),
        MelodyNote(2, 2, 60),
        MelodyNote(3, 1, 67),
        MelodyNote(5, 1, 72),
    ]
    events = notes_to_events(notes, 6)
    first = [START, new_note(67), new_note(60), STEP_END, continued_note(67), continued_note(60), STEP_END]
    assert events[: len(first)] == first
    assert sorted(events_to_notes(events), key=lambda note: (note.onset, note.pitch)) == [
        MelodyNote(0, 2, 60), MelodyNote(0, 4, 67), MelodyNote(2, 2, 60), MelodyNote(3, 1, 67), MelodyNote(5, 1, 72)
    ]  # fmt: skip
    assert events_to_notes([START, continued_note(50), STEP_END]) == []


def test_events_are_cut_and_padded_by_steps() -> None:
    """What is too long ends with a step, what is too short is padded with silence."""
    events = [START, new_note(60), STEP_END, continued_note(60), STEP_END, new_note(62), END]
    assert first_steps(events, 0) == [START]
    assert first_steps(events, 1) == [START, new_note(60), STEP_END]
    assert first_steps(events, 3) == [*events[:-1], STEP_END]
    assert first_steps(events, 5) == [*events[:-1], STEP_END, STEP_END, STEP_END]


def test_given_notes_are_heard_in_what_is_played() -> None:
    """A melody put into each step is among the voices; several candidates fill all their steps."""
    model = PolyphonyRNN(*parts("polyphony"))
    melody = played(*((4 * index, 4, pitch) for index, pitch in enumerate((72, 74, 76, 77))))
    several = [one.sequence for one in continue_voices(model, melody, Stretch(32 * STEP), chance(3))]
    for sequence in several:
        behind = {(round(note.start_time / STEP) - 16, note.pitch) for note in sequence.notes}
        assert {(4 * index, pitch) for index, pitch in enumerate((72, 74, 76, 77))} <= behind
        assert sequence.total_time == 32 * STEP
    assert len({sequence.SerializeToString() for sequence in several}) == 3


def test_a_candidate_is_what_it_would_be_alone_where_nothing_is_drawn() -> None:
    """At temperature 0 candidates agree with one another and with one drawn alone."""
    model = PolyphonyRNN(*parts("polyphony"))
    [alone] = model.generate(8, np.random.default_rng(0), 0.0)
    together = model.generate(8, np.random.default_rng(1), 0.0, 3)
    assert {voices.events for voices in together} == {alone.events}
    assert alone.events.count(STEP_END) == 8
    assert alone.log_likelihood == pytest.approx(model.log_likelihood(alone.events), abs=1e-3)


def test_a_model_that_never_ends_a_step_is_stopped() -> None:
    """It is an error, not a loop."""
    facts, steps = parts("polyphony")

    class Endless(Steps):
        def __init__(self) -> None:
            pass

        def __call__(self, step: str, **inputs: np.ndarray) -> dict[str, np.ndarray]:
            outputs = steps(step, **inputs)
            outputs["logits"][:, STEP_END] = -100.0
            return outputs

    with pytest.raises(ModelError, match="did not end"):
        PolyphonyRNN(facts, Endless()).generate(1, np.random.default_rng(0), 0.0)


def test_polyphony_is_loaded_by_a_door_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name of the other kind of event RNN is refused, with what it plays."""
    monkeypatch.setenv("LATENTFM_MODELS", f"{FIXTURES / 'polyphony'}:{FIXTURES / 'attention_rnn'}")
    assert catalogue.load_polyphony("parity-polyphony").representation == "polyphony"
    assert catalogue.load_rnn("parity-attention_rnn").representation == "melody"
    with pytest.raises(ModelError, match="plays polyphony, not melody"):
        catalogue.load_rnn("parity-polyphony")
    with pytest.raises(ModelError, match="plays melody, not polyphony"):
        catalogue.load_polyphony("parity-attention_rnn")
