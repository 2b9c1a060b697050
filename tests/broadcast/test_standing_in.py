"""Falling back, as it is told: something stands in for fresh takes that were wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from latentfm.audio.pcm import Pcm
from latentfm.broadcast.block import Playing
from latentfm.broadcast.fallback import Fallback
from latentfm.programme import Slot

FRESH = Playing("One", "one", "day", "fresh")
AGAIN = Playing("Two", "two", "day", "bank")


def told(logs: Any) -> list[tuple[str, str]]:
    """Return what was logged of falling back: the event and the origin."""
    return [(entry["event"], entry["origin"]) for entry in logs if entry["event"].startswith("fallback")]


def test_a_bank_without_fresh_takes_is_a_fallback_until_one_comes(stage: Any, publish: Callable[..., Pcm]) -> None:
    """It is told once when it begins, whatever stands in after that, and once when a fresh take is heard."""
    publish("one", 20)
    publish("two", 20)
    with capture_logs() as logs:
        stage.play(25)
        assert not stage.director.fallback.active
        stage.play(50)
        assert stage.director.fallback.active
        publish("three", 20)
        stage.play(20)
        assert not stage.director.fallback.active
    assert told(logs) == [("fallback_entered", "bank"), ("fallback_left", "fresh")]


def test_the_bed_is_one_too(stage: Any, publish: Callable[..., Pcm]) -> None:
    """A station with nothing to play falls back from its first block on."""
    with capture_logs() as logs:
        stage.play(2)
        assert stage.director.fallback.active
        publish("one", 20)
        stage.play(15)
    assert told(logs) == [("fallback_entered", "bed"), ("fallback_left", "fresh")]


def test_a_repeat_that_fits_better_before_a_change_is_planned(stage: Any, publish: Callable[..., Pcm]) -> None:
    """Where a fresh take would run over the next change of mood, a shorter one from the bank is no fallback."""
    publish("short", 20)
    publish("first", 20)
    stage.bank.aired.mark("short")
    publish("long", 200)
    until = stage.clock.time() + 40
    stage.library._slot_at = lambda at: Slot("day", until, "night") if at < until else Slot("night")
    with capture_logs() as logs:
        _, playing = stage.play(30)
        assert (playing[-1].take_id, playing[-1].origin) == ("short", "bank")
        assert not stage.director.fallback.active
    assert told(logs) == []


@pytest.mark.parametrize(("fresh_ready", "active"), [(True, False), (False, True)])
def test_what_was_committed_by_plan_counts_once(clock: Any, fresh_ready: bool, active: bool) -> None:
    """A plan holds for the take that it was made for, not for the next one."""
    fallback = Fallback(clock)
    fallback.committed(FRESH, fresh_ready=True)
    fallback.follow(FRESH)
    fallback.committed(AGAIN, fresh_ready=fresh_ready)
    fallback.follow(AGAIN)
    assert fallback.active is active
    fallback.committed(replace(AGAIN, take_id="three"), fresh_ready=False)
    fallback.follow(replace(AGAIN, take_id="three"))
    assert fallback.active
