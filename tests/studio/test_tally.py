"""What became of the tries at takes, counted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from latentfm.brief import Brief
from latentfm.errors import StudioError
from latentfm.studio import ChildStudio
from latentfm.studio.tally import BOUNDS, Tally


def test_durations_lie_within_their_bounds() -> None:
    """Each take is counted once, at the lowest bound that holds it; what took longer than all of them is last."""
    tally = Tally()
    for seconds in (0.5, 1.0, 3.0, 9_000.0):
        tally.made(seconds)
    count = tally.count
    assert dict(zip(BOUNDS, count.durations, strict=False)) == dict.fromkeys(BOUNDS, 0) | {1.0: 2, 5.0: 1}
    assert count.durations[-1] == 1
    assert (count.results["made"], count.seconds) == (4, 9_004.5)


def test_a_real_studio_s_tries_are_counted(faulty_studio: Callable[..., ChildStudio], brief: Brief) -> None:
    """The gate's rejections by kind, other errors and children that broke; a renewal is no break."""
    tally = Tally()
    studio = faulty_studio("gate error die none none", tally=tally, renew_after=1)
    assert studio.submit(brief).result(30)
    assert studio.submit(brief).result(30)
    count = tally.count
    assert count.results == {"made": 2, "rejected": 1, "failed": 2}
    assert {reason for reason, takes in count.rejections.items() if takes} == {"silence"}
    assert (count.restarts, count.given_up) == (1, 0)


def test_a_brief_that_is_given_up_is_counted(faulty_studio: Callable[..., ChildStudio], brief: Brief) -> None:
    """Once, after all its tries."""
    tally = Tally()
    with pytest.raises(StudioError):
        faulty_studio("gate gate error error", tally=tally).submit(brief).result(30)
    count = tally.count
    assert count.results == {"made": 0, "rejected": 2, "failed": 2}
    assert (count.restarts, count.given_up) == (0, 1)
