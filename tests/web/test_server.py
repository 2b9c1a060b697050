"""The port, the status and the health."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from structlog.testing import capture_logs

from latentfm.broadcast.block import Playing
from latentfm.broadcast.health import Pulse
from latentfm.broadcast.outputs import OutputStatus
from latentfm.errors import OutputError
from latentfm.hours import Hearing
from latentfm.web.server import listen
from latentfm.web.status import OnAir, Status

PLAYING = Playing("One", "one", "day", "fresh")


def test_the_status_says_what_plays(radio: Any) -> None:
    """``/status.json`` has the title, the health, the runway and every output."""
    with radio.get("/status.json") as answer:
        status = json.load(answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert status["now"] == {"title": "Morning in C", "take": "one", "playlist": "day", "origin": "fresh"}
    assert status["ready"] is True
    assert status["health"] == "ready"
    assert 0 < status["runway"]["ahead_seconds"] < 3
    assert status["runway"]["fresh_seconds"] == 60.0
    assert [(output["kind"], output["state"]) for output in status["outputs"]] == [("web", "connected")]


def test_an_output_that_is_away_degrades_the_station() -> None:
    """An Icecast that is not there leaves the station ready, and says so."""
    outputs = (OutputStatus("web", "web", "connected"), OutputStatus("icecast", "icecast", "waiting", "refused"))
    assert Status("x", Pulse(True, 0.1, PLAYING), outputs=outputs).health == "degraded"
    assert Status("x", Pulse(True, 0.1, PLAYING), outputs=outputs[:1]).health == "ready"
    assert Status("x", Pulse(False, None, None), outputs=outputs[:1]).health == "silent"
    document = Status("x", Pulse(False, None, None)).document()
    assert document["now"] is None
    assert document["sound"] == {"lufs": None, "true_peak_dbtp": None, "blank": False, "fallback": False}


def test_the_status_says_what_is_on_and_what_comes_next() -> None:
    """The programme's mood, and the next one with its local time, if one is to come."""
    at = datetime(2026, 11, 22, 22, tzinfo=timezone(timedelta(hours=1)))
    pulse = Pulse(ready=True, since_audible=0.1, playing=PLAYING)
    assert Status("x", pulse, on_air=OnAir("day", "night", at)).document()["programme"] == {
        "playlist": "day",
        "next": {"playlist": "night", "at": "2026-11-22T22:00+01:00"},
    }
    assert Status("x", pulse, on_air=OnAir("day")).document()["programme"] == {"playlist": "day", "next": None}


def test_a_port_in_use_costs_this_output_only(make_radio: Callable[..., Any], eventually: Callable[..., None]) -> None:
    """The log says once what to do; the feed goes on; once the port is free the output is there."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(OutputError, match=rf"port {port} on 127.0.0.1 is in use.*web.port"):
            listen("127.0.0.1", port)
        with capture_logs() as logs:
            radio = _start_blocked(make_radio, port)
            eventually(lambda: radio.web.status.state == "waiting", 5, "the fault was not noticed")
            assert "in use" in radio.web.status.reason
            eventually(lambda: radio.monitor.pulse.ready, 5, "the feed does not go on")
    eventually(lambda: radio.web.status.state == "connected", 15, "the port was not taken up")
    assert radio.code("/readyz") == 200
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["part_failed"]


def _start_blocked(make_radio: Callable[..., Any], port: int) -> Any:
    """Put a radio on air without waiting for its page."""
    radio = make_radio()
    radio.web.stop()
    radio.settings["port"] = port
    radio.web = type(radio.web)(radio.feed, radio.status, port=port)
    radio.web.start()
    return radio


def test_an_address_of_another_machine_is_an_error() -> None:
    """An address that this machine does not have gives an error which names it."""
    with pytest.raises(OutputError, match=r"can't listen on 192\.0\.2\.1"):
        listen("192.0.2.1", 0)


def test_it_listens_on_loopback_only(radio: Any) -> None:
    """Unless told otherwise, nobody but this machine is served."""
    assert radio.web.name.startswith("web 127.0.0.1")


def test_nothing_can_be_written(radio: Any) -> None:
    """Everything is read-only, and what is not there is a 404."""
    for path in ("/", "/stream.mp3", "/status.json", "/healthz", "/readyz", "/metrics"):
        with radio.get(path, "POST") as answer:
            assert answer.status == 405
    with radio.get("/nothing") as answer:
        assert answer.status == 404


def test_it_can_be_stopped_while_somebody_listens(radio: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Their response ends whole and without an error of the server's, the port is free, and the status says so."""
    port = radio.web.port
    with radio.get("/stream.mp3") as answer:
        assert answer.read(4096)
        radio.web.stop()
        while answer.read(65_536):
            pass
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    assert radio.web.status.state == "stopped"
    listen("127.0.0.1", port).close()


def test_the_status_says_when_the_station_is_open() -> None:
    """Open or closed, until when, and the gain of quiet hours in dB; a silence that was asked for is healthy."""
    at = datetime(2027, 3, 12, 10, tzinfo=UTC)
    closed = Status("x", Pulse(True, 900.0, PLAYING, gain=0.0), hearing=Hearing(False, at, 1.0))
    assert closed.health == "ready"
    assert closed.document()["hours"] == {"open": False, "until": "2027-03-12T10:00+00:00", "gain_db": 0.0}
    quiet = Status("x", Pulse(True, 0.1, PLAYING), hearing=Hearing(True, None, 0.25), paused=True).document()
    assert (quiet["hours"], quiet["paused"]) == ({"open": True, "until": None, "gain_db": -12.0}, True)
    assert Status("x", closed.pulse, on_air=OnAir("rain", asked=True)).document()["programme"] == {
        "playlist": "rain",
        "next": None,
        "asked": True,
    }
