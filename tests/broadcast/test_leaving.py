"""Leaving a take on request: at a bar line, for something that suits the mood that is on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.broadcast.cues import Cue
from latentfm.broadcast.leaving import LONGEST_ON_REQUEST, next_bar
from latentfm.take import Seam

BAR = 2.5 * SAMPLE_RATE  # of four quarters at 96


def crossfades(stage: Any) -> list[Cue]:
    """Return the beginnings of the crossfades that were noted."""
    return [note for note in stage.timeline._cues.take() if isinstance(note, Cue) and note.length and not note.position]


def test_a_skip_crosses_over_at_the_next_bar_line(publish: Callable[..., Pcm], stage: Any) -> None:
    """Within a bar or so the next take enters, by a window that is short; nothing is logged as a fault."""
    publish("one", 60)
    publish("two", 60, seed=2)
    stage.play(20.3)
    stage.director.skip()
    stage.play(8)
    (cue,) = crossfades(stage)
    assert cue.sounding.offset is not None
    frames = 55 * SAMPLE_RATE - cue.sounding.offset  # to the take's bar line at 55 s
    assert frames % BAR == 0
    assert 20.3 * SAMPLE_RATE < cue.sounding.offset <= 20.3 * SAMPLE_RATE + BAR + SAMPLE_RATE
    assert cue.length <= LONGEST_ON_REQUEST
    assert stage.timeline.playing.take_id == "two"
    stage.play(20)
    assert not crossfades(stage)
    assert "reader_late" not in stage.notices.drain()


def test_what_was_chosen_for_another_mood_is_left_out(publish: Callable[..., Pcm], stage: Any) -> None:
    """A skip after a change of mood leads into the new one, though something else was committed."""
    publish("one", 40)
    publish("two", 40, seed=2)
    publish("late", 40, seed=3, playlist="night")
    stage.play(25)  # the director has chosen
    assert stage.timeline.entering.playing.take_id == "two"
    stage.mood = "night"
    stage.director.skip()
    stage.play(9)
    assert stage.timeline.playing.take_id == "late"


def test_what_is_being_opened_for_another_mood_is_left_out(publish: Callable[..., Pcm], stage: Any) -> None:
    """So it is when the skip comes between the choice and the commitment."""
    publish("one", 40)
    publish("two", 40, seed=2)
    publish("late", 40, seed=3, playlist="night")
    stage.play(19)
    stage.stalled.add("two")
    stage.play(2.5)
    assert stage.director._loading.playing.take_id == "two"
    stage.mood = "night"
    stage.director.skip()
    stage.play(9)
    assert stage.timeline.playing.take_id == "late"


def test_a_skip_with_nothing_to_go_to_is_over_after_a_while(publish: Callable[..., Pcm], stage: Any) -> None:
    """The take plays on, and a take that comes much later is not cut into."""
    publish("one", 60)
    stage.play(2)
    stage.director.skip()
    stage.play(21)
    publish("two", 60, seed=2)
    stage.play(10)
    assert stage.timeline.playing.take_id == "one"
    assert not stage.director.skipping


@pytest.mark.parametrize(("metre", "quarters"), [("4/4", 4), ("3/4", 3), ("6/8", 3)])
def test_bars_are_counted_back_from_where_a_take_may_be_left(info: Any, metre: str, quarters: int) -> None:
    """A line at or after a frame, whatever the metre, also beyond the first way out."""
    take = info("one", 60 * SAMPLE_RATE, seam=Seam(head=0, outs=(50 * SAMPLE_RATE + 7,)))
    take = take.model_copy(update={"provenance": {"brief": {"playlist": {"tempo": {"metre": metre}}}}})
    bar = quarters * 60 / 96 * SAMPLE_RATE
    for frame in (0, 1, 12_345, 50 * SAMPLE_RATE + 7, 55 * SAMPLE_RATE):
        line = next_bar(take, frame)
        assert frame <= line < frame + bar
        assert (50 * SAMPLE_RATE + 7 - line) % bar == 0
