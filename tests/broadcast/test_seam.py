"""Where one take hands over to the next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from latentfm.broadcast.seam import SHORTEST, plan

SECOND = 48_000


def test_the_longest_window_that_the_next_head_allows() -> None:
    """Of several outs the one is taken that gives the longest overlap within the next take's head."""
    window = plan(
        end=60 * SECOND, outs=(48 * SECOND, 53 * SECOND, 57 * SECOND), now=0, head=8 * SECOND, limit=9 * SECOND
    )
    assert (window.start, window.length) == (53 * SECOND, 7 * SECOND)


def test_the_mood_limits_the_window() -> None:
    """A crossfade is never longer than its mood allows, however long the head is."""
    window = plan(end=60 * SECOND, outs=(48 * SECOND, 56 * SECOND), now=0, head=20 * SECOND, limit=4 * SECOND)
    assert (window.start, window.length) == (56 * SECOND, 4 * SECOND)


def test_a_tail_longer_than_the_head_is_left_early() -> None:
    """Where even the last out leaves more than the next head, the window begins there and is as long as the head."""
    window = plan(end=60 * SECOND, outs=(40 * SECOND, 45 * SECOND), now=0, head=3 * SECOND, limit=8 * SECOND)
    assert (window.start, window.length) == (45 * SECOND, 3 * SECOND)


def test_a_truncated_take_is_left_before_its_end() -> None:
    """A take that ends before any of its outs is left in the last seconds it has."""
    window = plan(end=30 * SECOND, outs=(52 * SECOND,), now=0, head=5 * SECOND, limit=8 * SECOND)
    assert (window.start, window.length) == (25 * SECOND, 5 * SECOND)


def test_a_window_never_begins_in_the_past() -> None:
    """Outs that have gone by are out of the question."""
    window = plan(end=60 * SECOND, outs=(52 * SECOND,), now=58 * SECOND, head=8 * SECOND, limit=8 * SECOND)
    assert (window.start, window.length) == (58 * SECOND, 2 * SECOND)


@given(
    end=st.integers(1, 10_000_000),
    outs=st.lists(st.integers(0, 10_000_000), max_size=5, unique=True).map(sorted),
    now=st.integers(0, 10_000_000),
    head=st.integers(0, 2_000_000),
    limit=st.integers(0, 1_000_000),
)
def test_every_window_lies_in_the_take(end: int, outs: list[int], now: int, head: int, limit: int) -> None:
    """Whatever a take says of itself, the window begins now or later, ends in it and keeps to its limits."""
    now = min(now, end)
    window = plan(end=end, outs=outs, now=now, head=head, limit=limit)
    assert now <= window.start
    assert 0 <= window.length <= max(min(head, limit), SHORTEST)
    assert window.start + window.length <= end
