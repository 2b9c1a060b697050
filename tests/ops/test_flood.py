"""Of a flood of lines a few are written, and the number of the others."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from latentfm.ops import logs
from latentfm.ops.flood import BURST, PER_LINE, TOLD_AFTER, Flood


class Hand:
    """A clock that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def dammed(monkeypatch: pytest.MonkeyPatch) -> tuple[Hand, io.StringIO]:
    """Logs behind a dam whose clock stands still, and where they go."""
    clock, stream = Hand(), io.StringIO()
    monkeypatch.setattr(logs, "Flood", lambda: Flood(clock))
    logs.configure(stream=stream, spool=True)
    return clock, stream


def written(stream: io.StringIO) -> list[dict[str, object]]:
    """Return what was written by now, and close the logs."""
    logs.close()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_flood_is_cut_and_counted(dammed: tuple[Hand, io.StringIO]) -> None:
    """Of 1 000 lines a burst is written; the next event of another name, a minute later, brings the count."""
    clock, stream = dammed
    log = structlog.get_logger()
    for number in range(1000):
        log.warning("take_damaged", take=number)
    log.warning("clock_jumped")
    clock.now += TOLD_AFTER
    log.info("memory")
    lines = written(stream)
    assert [line["event"] for line in lines] == ["take_damaged"] * BURST + ["clock_jumped", "log_muted", "memory"]
    assert (lines[-2]["of"], lines[-2]["lines"]) == ("take_damaged", 1000 - BURST)


def test_what_goes_on_is_heard_of_now_and_then(dammed: tuple[Hand, io.StringIO]) -> None:
    """An event that comes each second for an hour is written once in half a minute after the burst."""
    clock, stream = dammed
    for _ in range(3600):
        structlog.get_logger().warning("title_not_sent")
        clock.now += 1.0
    count = sum(line["event"] == "title_not_sent" for line in written(stream))
    assert count == pytest.approx(BURST + 3600 / PER_LINE, abs=2)


def test_libraries_are_dammed_by_their_message_before_its_arguments(dammed: tuple[Hand, io.StringIO]) -> None:
    """A warning with another number each time is one event."""
    _, stream = dammed
    for number in range(100):
        logging.getLogger("some.library").warning("bad request %d", number)
    assert len(written(stream)) == BURST


def test_ordinary_days_pass_whole(dammed: tuple[Hand, io.StringIO]) -> None:
    """Events a minute apart are all written, and nothing is remembered of names that are not heard any more."""
    clock, stream = dammed
    for number in range(300):
        structlog.get_logger().info(f"event_{number}")
        clock.now += 60.0
    assert len(written(stream)) == 300
