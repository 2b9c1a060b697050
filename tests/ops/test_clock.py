"""The system's clocks."""

from __future__ import annotations

from latentfm.ops.clock import SystemClock


def test_sleeping_takes_the_time_asked_for_and_no_time_is_none() -> None:
    """The monotonic clock has gone on by at least the time slept; nothing or less returns at once."""
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0.05)
    assert clock.monotonic() - before >= 0.05
    clock.sleep(0)
    clock.sleep(-5)
    assert clock.time() > 1_600_000_000
