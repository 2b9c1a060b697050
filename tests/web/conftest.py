"""A feed that plays noise in real time, and the web output that serves it."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from latentfm.broadcast.block import Block, Playing
from latentfm.broadcast.feeds import Feed
from latentfm.broadcast.health import Monitor
from latentfm.broadcast.meter import Meter
from latentfm.broadcast.notices import Notices
from latentfm.broadcast.runway import Runway
from latentfm.broadcast.supervised import Supervised, stop_all
from latentfm.hours import Hearing
from latentfm.ops.clock import SystemClock
from latentfm.stock import Stock
from latentfm.studio.tally import Tally
from latentfm.web import Status, WebOutput
from waiting import wait_until


class Noise:
    """Endless noise under a title that tests may change."""

    def __init__(self) -> None:
        self.title = "Morning in C"
        self.level = 0.1
        self.gain = 1.0
        self._pcm = np.random.default_rng(1).standard_normal((4800, 2)).astype(np.float32)

    def next_block(self) -> Block:
        """Return a tenth of a second."""
        return Block(self._pcm * self.level * self.gain, Playing(self.title, "one", "day", "fresh"), self.gain)


@dataclass
class Radio:
    """A feed on air and its web output."""

    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        clock = SystemClock()
        self.hearing: Hearing | None = None
        self.paused = False
        self.noise = Noise()
        self.feed = Feed()
        self.monitor = Monitor(clock)
        self.meter = Meter()
        self.tally = Tally()
        self.stock = Stock(120.0, 60.0, 5_000_000_000)
        self.others: tuple[Any, ...] = ()  # outputs besides the web
        self.runway = Runway(self.noise, [self.feed, self.monitor, self.meter], clock, Notices())
        self.web = WebOutput(self.feed, self.status, **{"port": 0, **self.settings})
        runs = {"feed": self.feed.run, "meter": self.meter.run, "runway": self.runway.run}
        self._parts = [Supervised(name, run) for name, run in runs.items()]

    def status(self) -> Status:
        """Return the state of this small station."""
        return Status(
            "Latent FM",
            self.monitor.pulse,
            self.runway.ahead,
            self.stock.playable,
            self.stock.fresh,
            (self.web.status, *(output.status for output in self.others)),
            sound=self.meter.reading,
            tally=self.tally.count,
            disk_free=self.stock.disk_free,
            hearing=self.hearing,
            paused=self.paused,
        )

    def start(self) -> None:
        """Go on air and wait until the page can be had."""
        for part in self._parts:
            part.start()
        self.web.start()
        wait_until(lambda: self.web.port is not None and self.monitor.pulse.ready, 10, "the web server did not start")

    def stop(self) -> None:
        """Leave the air."""
        self.web.stop()
        stop_all(self._parts)

    @contextlib.contextmanager
    def get(self, path: str, method: str = "GET", **headers: str) -> Iterator[http.client.HTTPResponse]:
        """Give an answer whose body is still to be read, and leave; headers are written with underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.web.port or 0, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            with connection.getresponse() as answer:
                yield answer

    def json(self, path: str) -> tuple[int, Any]:
        """Return status and document of an answer."""
        with self.get(path) as answer:
            return answer.status, json.load(answer)

    def metrics(self) -> dict[str, float]:
        """Return the samples of a scrape, each under its name and labels as they are written."""
        with self.get("/metrics") as answer:
            lines = answer.read().decode().splitlines()
        samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    def code(self, path: str) -> int:
        """Return the status of an answer."""
        with self.get(path) as answer:
            return answer.status


@pytest.fixture
def make_radio() -> Iterator[Callable[..., Radio]]:
    """Return a function that puts a radio on air; all of them are stopped at the end."""
    made: list[Radio] = []

    def make(**settings: Any) -> Radio:
        made.append(Radio(settings))
        made[-1].start()
        return made[-1]

    yield make
    for radio in made:
        radio.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("web ")]


@pytest.fixture
def radio(make_radio: Callable[..., Radio]) -> Radio:
    """Return a radio on air."""
    return make_radio()
