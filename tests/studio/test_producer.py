"""The producer keeps ordering, whatever happens to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import pytest
from structlog.testing import capture_logs

from latentfm.brief import Brief
from latentfm.errors import ModelError, StudioError
from latentfm.studio import ChildStudio
from latentfm.studio.producer import Orders, Producer
from latentfm.take import TakeInfo

FaultyStudio = Callable[..., ChildStudio]


class Station:
    """What a producer asks and tells, recorded."""

    def __init__(self, brief: Brief, wanted: int) -> None:
        self.brief = brief
        self.wanted = wanted
        self.made: list[TakeInfo] = []
        self.given_up: list[Brief] = []
        self.faults: list[Exception] = []
        self.done = threading.Event()

    def orders(self) -> Orders:
        """Return what the producer is given."""
        return Orders(self._next, self._made, self._given_up)

    def _next(self) -> Brief | None:
        if self.faults:
            raise self.faults.pop(0)
        if len(self.made) >= self.wanted:
            self.done.set()
            return None
        return self.brief.model_copy(update={"seed": len(self.made) + 100 * len(self.given_up)})

    def _made(self, take: TakeInfo) -> None:
        self.made.append(take)

    def _given_up(self, brief: Brief) -> None:
        self.given_up.append(brief)


def run(studio: ChildStudio, station: Station) -> None:
    """Let a producer work until the station has what it wants."""
    producer = Producer(studio, station.orders(), wait_first=0.05, wait_most=0.2)
    producer.start()
    try:
        assert station.done.wait(40)
    finally:
        studio.close()
        producer.stop()


def test_takes_are_made_until_enough_lie_ready(faulty_studio: FaultyStudio, brief: Brief) -> None:
    """As many as are wanted, one after the other, each from its own brief, and then no more."""
    station = Station(brief, wanted=3)
    run(faulty_studio(), station)
    assert [take.seed for take in station.made] == [0, 1, 2]


def test_waking_makes_the_producer_look_at_once(faulty_studio: FaultyStudio, brief: Brief) -> None:
    """When a take goes on air the next one is ordered without waiting for the next look."""
    station = Station(brief, wanted=1)
    studio = faulty_studio()
    producer = Producer(studio, station.orders())
    producer.start()
    assert station.done.wait(20)
    station.wanted = 2
    station.done.clear()
    producer.wake()
    assert station.done.wait(20)
    studio.close()
    producer.stop()
    assert len(station.made) == 2


def test_a_brief_given_up_is_told_and_the_next_one_ordered(faulty_studio: FaultyStudio, brief: Brief) -> None:
    """No brief holds up the others for ever."""
    station = Station(brief, wanted=1)
    with capture_logs() as events:
        run(faulty_studio("error error error error"), station)
    assert [given_up.seed for given_up in station.given_up] == [0]
    assert [take.seed for take in station.made] == [100]
    assert [event["event"] for event in events if event["event"].startswith(("no_fresh", "producer"))] == [
        "no_fresh_take",
        "producer_recovered",
    ]


def test_whatever_is_raised_is_logged_once_and_the_thread_goes_on(faulty_studio: FaultyStudio, brief: Brief) -> None:
    """A missing model, and a fault of our own, are told once each however often they come."""
    station = Station(brief, wanted=1)
    station.faults = [ModelError("no model"), ModelError("no model"), ZeroDivisionError("a fault")]
    with capture_logs() as events:
        run(faulty_studio(), station)
    assert len(station.made) == 1
    told = [event["event"] for event in events if event["log_level"] in ("warning", "error")]
    assert told == ["no_fresh_take", "producer_fault"]


class Idle:
    """A studio that never answers until it is closed."""

    def __init__(self) -> None:
        self.future: Future[TakeInfo] = Future()
        self.asked = threading.Event()

    def submit(self, brief: Brief) -> Future[TakeInfo]:
        """Return a future that waits."""
        self.asked.set()
        return self.future

    def close(self) -> None:
        """Fail what waits."""
        self.future.set_exception(StudioError("the studio was closed"))


@pytest.mark.parametrize("close_first", [True, False])
def test_stopping_is_quick_while_a_take_is_being_made(brief: Brief, close_first: bool) -> None:
    """The station does not wait for a take when it stops."""
    studio = Idle()
    producer = Producer(studio, Station(brief, wanted=1).orders())
    producer.start()
    assert studio.asked.wait(10)
    if close_first:
        studio.close()
    began = time.monotonic()
    producer.stop()
    assert time.monotonic() - began < 3
