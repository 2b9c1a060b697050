"""Alive and ready: what a supervisor asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from latentfm.broadcast.block import Playing
from latentfm.broadcast.health import Pulse
from latentfm.broadcast.icecast import IcecastOutput
from latentfm.broadcast.icecast_wire import Target
from latentfm.broadcast.secret import Secret
from latentfm.broadcast.supervised import Supervised
from latentfm.web.status import Status


def test_ready_is_the_audio_and_alive_is_the_process(radio: Any, eventually: Callable[..., None]) -> None:
    """Silence costs readiness within seconds, with the reason, though every thread lives, and it comes back."""
    assert radio.json("/readyz") == (
        200,
        {"ready": True, "health": "ready", "reason": None, "outputs": {radio.web.name: "connected"}},
    )
    radio.noise.level = 0.0
    eventually(lambda: radio.code("/readyz") == 503, 8, "silence was not noticed")
    _, document = radio.json("/readyz")
    assert (document["ready"], document["health"]) == (False, "silent")
    assert document["reason"].startswith("nothing audible left for ")
    assert document["reason"].endswith(" s; 2.0 s are allowed")
    assert radio.json("/healthz") == (200, {"alive": True})
    with radio.get("/readyz") as answer:
        assert (answer.headers["Cache-Control"], answer.headers["Content-Type"]) == ("no-store", "application/json")
    radio.noise.level = 0.1
    eventually(lambda: radio.code("/readyz") == 200, 5, "the music was not noticed")


def test_scheduled_silence_is_ready(radio: Any, eventually: Callable[..., None]) -> None:
    """Silence that the programme asks for costs nothing."""
    radio.noise.gain = 0.0
    eventually(lambda: radio.meter.reading.levels.rms == float("-inf"), 10, "there is no silence")
    assert radio.code("/readyz") == 200
    assert not radio.meter.reading.blank


def test_an_icecast_that_is_away_degrades_that_output_only(
    radio: Any, free_port: Callable[[], int], eventually: Callable[..., None]
) -> None:
    """The station stays ready, and the answer says which output is not connected."""
    target = Target(f"http://127.0.0.1:{free_port()}/away.mp3", lambda: Secret("sesame"))
    away = IcecastOutput(target, radio.feed, longest_wait=0.5)
    away.start()
    radio.others = (away,)
    try:
        eventually(lambda: away.status.state == "waiting", 5, "it did not try")
        status, document = radio.json("/readyz")
        assert (status, document["health"], document["outputs"][away.name]) == (200, "degraded", "waiting")
        assert radio.metrics()[f'latentfm_output_connected{{output="{away.name}"}}'] == 0
    finally:
        away.stop()


def test_a_thread_that_has_ended_costs_the_process_its_life(radio: Any, eventually: Callable[..., None]) -> None:
    """A part that should run and does not is named; the restart that it needs is the supervisor's to make."""
    fallen = Supervised("director", lambda stop: stop.wait() and None)
    fallen._thread = threading.Thread(target=lambda: None)  # no known fault ends a part's thread
    fallen.start()
    try:
        eventually(lambda: not fallen.alive, 5, "it lives")
        status, document = radio.json("/healthz")
        assert status == 503
        assert document == {
            "alive": False,
            "reason": "threads that have ended and should run: director; restart the station",
        }
        assert radio.code("/readyz") == 200
    finally:
        fallen.stop()
    assert radio.code("/healthz") == 200


def test_the_reason_says_what_is_allowed() -> None:
    """Before anything was heard, and in a mood that may be silent for longer."""
    assert Status("x", Pulse(False, None, None)).silence == "nothing audible has left the timeline yet"
    quiet = Pulse(False, 6.04, Playing("One", "one", "night", "fresh", max_silence=4.0))
    assert Status("x", quiet).silence == "nothing audible left for 6.0 s; 4.0 s are allowed"
    assert Status("x", Pulse(True, 0.1, quiet.playing)).silence is None
