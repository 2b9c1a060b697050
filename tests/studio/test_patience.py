"""How long the supervisor waits."""

from __future__ import annotations

from random import Random

from latentfm.studio.patience import Limits, Patience, respawn_wait


def test_the_limit_is_generous_before_any_take() -> None:
    """Until the box has shown what it needs, the first limit holds."""
    assert Patience(Limits(first=600)).take_limit() == 600


def test_the_limit_follows_the_median_shown() -> None:
    """Five times the median of the takes so far, one slow take notwithstanding, and never below the least."""
    patience = Patience(Limits(least=1))
    for seconds in (10, 10, 12, 500, 10):
        patience.made(seconds)
    assert patience.take_limit() == 50
    quick = Patience(Limits(least=30))
    quick.made(0.1)
    assert quick.take_limit() == 30


def test_each_time_out_doubles_the_limit_until_a_take_comes() -> None:
    """A box that became slow gets the time it needs."""
    patience = Patience(Limits(least=1))
    patience.made(10)
    patience.timed_out()
    patience.timed_out()
    assert patience.take_limit() == 200
    assert patience.hello_limit() == 4 * Limits().hello
    patience.made(10)
    assert patience.take_limit() == 50


def test_after_hours_of_hanging_the_limit_is_bounded() -> None:
    """What hangs after hours of it is not waited for as long again; of a box that has shown nothing less is known."""
    shown, unknown = Patience(Limits(least=1)), Patience(Limits(first=600))
    shown.made(10)
    for _ in range(100):
        shown.timed_out()
        unknown.timed_out()
    assert shown.take_limit() == 400
    assert shown.hello_limit() == 8 * Limits().hello
    assert unknown.take_limit() == 256 * 600


def test_waits_before_a_new_child_double_and_are_capped_and_jittered() -> None:
    """No wait before the first child, then longer ones up to the cap, no two stations in step."""
    limits, random = Limits(wait_first=1, wait_most=60), Random(1)
    assert respawn_wait(limits, 0, random) == 0
    for breaks, most in ((1, 1), (2, 2), (4, 8), (7, 60), (10_000, 60)):
        waits = {respawn_wait(limits, breaks, random) for _ in range(50)}
        assert len(waits) == 50
        assert most / 2 <= min(waits) <= max(waits) <= most
