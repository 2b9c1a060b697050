"""One line an event, whoever logs, and nobody who waits for it."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import threading
from collections.abc import Iterator

import pytest
import structlog

from latentfm.ops import logs


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    """Leave logging as other tests expect it."""
    root = logging.getLogger()
    level = root.level
    yield
    logs.close()
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    """Return the events of a stream of JSON lines."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_events_are_json_lines_off_a_terminal() -> None:
    """An event is one JSON object with its name, level, time and fields."""
    stream = io.StringIO()
    logs.configure("info", stream=stream)
    structlog.get_logger().info("take_published", take="day-1", lufs=-16.0)
    structlog.get_logger().debug("not_shown")
    (event,) = lines(stream)
    assert event["event"] == "take_published"
    assert event["level"] == "info"
    assert event["take"] == "day-1"
    assert str(event["timestamp"]).endswith("Z")


def test_libraries_speak_through_the_same_lines() -> None:
    """What uvicorn and others log by the standard library comes out alike, with the library's name."""
    stream = io.StringIO()
    logs.configure("info", stream=stream)
    logging.getLogger("uvicorn.error").warning("cannot bind to %s", "port 8010")
    (event,) = lines(stream)
    assert event["event"] == "cannot bind to port 8010"
    assert event["library"] == "uvicorn.error"


def test_a_traceback_stays_one_line_and_holds_no_values() -> None:
    """An exception is a field of its event, without local variables: one could be a password."""
    stream = io.StringIO()
    logs.configure("info", stream=stream)
    password = "hackme"  # noqa: F841 - what must not show
    try:
        raise ValueError("no")
    except ValueError:
        structlog.get_logger().exception("feed_rebuilt")
    (event,) = lines(stream)
    assert "ValueError: no" in str(event["exception"])
    assert "hackme" not in str(event["exception"]).replace('password = "hackme"', "")


def test_a_terminal_gets_lines_for_people() -> None:
    """On a terminal an event is readable text, not JSON."""
    leader, follower = pty.openpty()
    with os.fdopen(follower, "w") as terminal:
        logs.configure("info", stream=terminal)
        structlog.get_logger().info("take_published", take="day-1")
        text = os.read(leader, 2000).decode()
        logs.close()
    os.close(leader)
    assert "take_published" in text
    assert not text.lstrip().startswith("{")


def test_a_stream_that_stalls_holds_nobody_up() -> None:
    """With a spool, logging goes on while nothing can be written, and says later how many lines were lost."""
    gate = threading.Event()

    class Stalled(io.StringIO):
        def write(self, text: str) -> int:
            gate.wait(20)
            return super().write(text)

    stream = Stalled()
    logs.configure("info", stream=stream, spool=True)
    for number in range(logs.SPOOL_LINES + 50):
        structlog.get_logger().info(f"tick_{number}")
    gate.set()
    logs.close(timeout=5)
    events = [event["event"] for event in lines(stream)]
    assert len(events) > logs.SPOOL_LINES
    assert "log_lines_dropped" in events
