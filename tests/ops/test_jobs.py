"""Jobs by the wall clock, and what happens to them when it jumps."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from latentfm.ops.clock import SystemClock
from latentfm.ops.jobs import Jobs


class SetClock(SystemClock):
    """The system's clocks, with a wall clock that a test sets."""

    def __init__(self) -> None:
        self.shift = 0.0

    def time(self) -> float:
        """Return the shifted wall clock."""
        return super().time() + self.shift


@pytest.fixture
def clock() -> SetClock:
    """A wall clock that can be set."""
    return SetClock()


@pytest.fixture
def jobs(clock: SetClock) -> Iterator[Jobs]:
    """Jobs that end with the test."""
    made = Jobs(clock)
    yield made
    made.stop()


def test_a_job_runs_again_and_again(jobs: Jobs) -> None:
    """An interval job comes back after each run."""
    runs = threading.Semaphore(0)
    jobs.every("tick", 0.05, runs.release)
    jobs.start()
    for _ in range(3):
        assert runs.acquire(timeout=10)


def test_a_job_that_raises_comes_back(jobs: Jobs) -> None:
    """An exception costs one run, is logged, and the job goes on."""
    runs = threading.Semaphore(0)

    def fail() -> None:
        runs.release()
        raise ValueError("no")

    with capture_logs() as events:
        jobs.every("tick", 0.05, fail)
        jobs.start()
        for _ in range(2):
            assert runs.acquire(timeout=10)
    assert {"event": "job_failed", "job": "tick"}.items() <= events[0].items()


def test_a_job_without_a_next_time_waits_for_none(jobs: Jobs) -> None:
    """A job that says None is not scheduled."""
    jobs.at("never", lambda _now: None, lambda: None)
    jobs.start()
    assert jobs.next_run("never") is None


@pytest.mark.parametrize("jump", [-86_400.0, -3.0, 3.0, 86_400.0])
def test_a_jump_of_the_wall_clock_reschedules_every_job(jobs: Jobs, clock: SetClock, jump: float) -> None:
    """After the clock was set, forwards or back, each job is due as if it had been scheduled at the new time."""
    jobs.every("hourly", 3600.0, lambda: None)
    jobs.at("at a time", lambda now: now + 7200.0, lambda: None)
    jobs.start()
    assert not jobs.check_clock()
    clock.shift = jump
    with capture_logs() as events:
        assert jobs.check_clock()
    assert not jobs.check_clock()
    assert [event["event"] for event in events] == ["clock_jumped"]
    assert abs(events[0]["seconds"] - jump) < 1
    now = datetime.fromtimestamp(clock.time(), UTC)
    for name, seconds in (("hourly", 3600), ("at a time", 7200)):
        due = jobs.next_run(name)
        assert due is not None
        assert abs(due - now - timedelta(seconds=seconds)) < timedelta(seconds=5)


def test_small_steps_add_up_to_a_jump(jobs: Jobs, clock: SetClock) -> None:
    """A clock that is slewed a second at a time is noticed once it is over two off."""
    jobs.start()
    noticed = []
    for step in range(4):
        clock.shift = step * 0.9
        noticed.append(jobs.check_clock())
    assert noticed == [False, False, False, True]


def test_an_interval_job_runs_on_after_the_clock_was_set_back(jobs: Jobs, clock: SetClock) -> None:
    """The job is not held up for as long as the clock was set back."""
    clock.shift = 3600.0
    runs = threading.Semaphore(0)
    jobs = Jobs(clock)
    jobs.every("tick", 0.2, runs.release)
    jobs.start()
    assert not runs.acquire(timeout=0.5)  # an hour ahead, by the clock that APScheduler has
    clock.shift = 0.0
    assert jobs.check_clock()
    assert runs.acquire(timeout=10)
    jobs.stop()
