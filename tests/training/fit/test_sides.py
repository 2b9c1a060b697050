"""Stretches that event RNNs learn from."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="needs the extra `train`: make test TRAIN=1")
pytestmark = pytest.mark.train

from latentfm.models.event_rnn.configurations import CONFIGURATIONS  # noqa: E402 - TensorFlow is there
from latentfm.models.event_rnn.polyphony import (  # noqa: E402
    CONTINUED_NOTE,
    END,
    START,
    STEP_END,
    count_steps,
    events_to_notes,
    notes_to_events,
)
from latentfm.models.events import MelodyNote  # noqa: E402
from latentfm.training.data.examples import Examples  # noqa: E402
from latentfm.training.fit.sides import cut, whole_bars  # noqa: E402

MELODY, VOICES = CONFIGURATIONS["basic_rnn"].encoding, CONFIGURATIONS["polyphony"].encoding


def test_stretches_are_whole_bars() -> None:
    """In each metre and on each grid; of several voices they are events, and more of them."""
    assert [whole_bars(None, MELODY, metre) for metre in ("4/4", "3/4", "6/8", "9/8", "any")] == [
        128,
        120,
        120,
        126,
        96,
    ]
    assert (whole_bars(70, MELODY, "4/4"), whole_bars(16, MELODY, "9/8")) == (64, 18)
    assert whole_bars(100, CONFIGURATIONS["one_drum"].encoding, "3/4") == 96
    assert (whole_bars(None, VOICES, "any"), whole_bars(64, VOICES, "any")) == (512, 64)


def test_melodies_are_cut_with_their_chords() -> None:
    """Every event but the first of all is learnt once."""
    events, chords = cut(Examples([np.arange(60, 90, dtype=np.int32)], [[str(at) for at in range(30)]]), MELODY, 12)
    assert [(one[0], one[-1]) for one in events] == [(60, 72), (72, 84), (84, 89)]
    assert [[int(chord) + 60 for chord in one] for one in chords] == events


def test_voices_are_cut_behind_a_step_and_begin_with_the_start() -> None:
    """What sounds on from the stretch before begins anew, as nothing can go on behind a start; no step is lost."""
    notes = [MelodyNote(step, 4, pitch) for step in range(0, 16, 4) for pitch in (72, 60)]
    notes += [MelodyNote(2, 9, 48)]
    whole = [*notes_to_events(notes, 16), END]
    stretches, _ = cut(Examples([np.array(whole, np.int32)], []), VOICES, 20)
    assert len(stretches) > 2
    for stretch in stretches:
        assert stretch[0] == START
        assert len(stretch) <= 21
        assert stretch[-1] == (END if stretch is stretches[-1] else STEP_END)
        assert max(stretch[: stretch.index(STEP_END)]) < CONTINUED_NOTE
    assert [one for stretch in stretches for one in stretch].count(STEP_END) == 16
    sounding = [
        [
            sum(n.onset <= step < n.onset + n.length for n in events_to_notes(stretch))
            for step in range(count_steps(stretch))
        ]
        for stretch in stretches
    ]
    assert list(chain.from_iterable(sounding)) == [2 + (2 <= step < 11) for step in range(16)]
