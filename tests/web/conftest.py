"""A feed that plays noise in real time, and the web output that serves it."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from latentfm.broadcast.block import Block, Playing
from latentfm.broadcast.feeds import Feed
from latentfm.broadcast.health import Monitor
from latentfm.broadcast.notices import Notices
from latentfm.broadcast.runway import Runway
from latentfm.broadcast.supervised import Supervised, stop_all
from latentfm.hours import Hearing
from latentfm.ops.clock import SystemClock
from latentfm.web import Status, WebOutput


class Noise:
    """Endless noise under a title that tests may change."""

    def __init__(self) -> None:
        self.title = "Morning in C"
        self.level = 0.1
        self._pcm = np.random.default_rng(1).standard_normal((4800, 2)).astype(np.float32)

    def next_block(self) -> Block:
        """Return a tenth of a second."""
        return Block(self._pcm * self.level, Playing(self.title, "one", "day", "fresh"))


@dataclass
class Radio:
    """A feed on air and its web output."""

    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        clock = SystemClock()
        self.hearing: Hearing | None = None
        self.noise = Noise()
        self.feed = Feed()
        self.monitor = Monitor(clock)
        self.runway = Runway(self.noise, [self.feed, self.monitor], clock, Notices())
        self.web = WebOutput(self.feed, self.status, **{"port": 0, **self.settings})
        self._parts = [Supervised("feed", self.feed.run), Supervised("runway", self.runway.run)]

    def status(self) -> Status:
        """Return the state of this small station."""
        return Status(
            "Latent FM",
            self.monitor.pulse,
            self.runway.ahead,
            120.0,
            60.0,
            (self.web.status,),
            hearing=self.hearing,
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

    def code(self, path: str) -> int:
        """Return the status of an answer."""
        with self.get(path) as answer:
            return answer.status


def wait_until(condition: Callable[[], object], seconds: float, message: str) -> None:
    """Wait until a condition holds; fail with ``message`` if it does not within ``seconds``."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.05)
    pytest.fail(message)


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Return a function that waits until a condition holds."""
    return wait_until


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
