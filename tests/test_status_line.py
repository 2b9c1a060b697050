"""The line that `systemctl status` shows."""

from __future__ import annotations

from latentfm.broadcast.block import Playing
from latentfm.broadcast.health import Pulse
from latentfm.broadcast.outputs import OutputStatus
from latentfm.status_line import status_line
from latentfm.web import Status

PLAYING = Playing("Nachtstück", "take", "day", "fresh")
WEB = OutputStatus("web 127.0.0.1:8010", "web", "connected")
REFUSED = OutputStatus("icecast host:8000/a.mp3", "icecast", "refused", "no room")


def test_title_runway_and_faults_are_in_it() -> None:
    """It says what is heard, how long the music lasts, and which output does not get it."""
    status = Status("FM", Pulse(True, 0.1, PLAYING), playable=754.0, fresh=59.0, outputs=(WEB, REFUSED))
    expected = '"Nachtstück" (day, fresh); runway 13 min, 59 s of it fresh; icecast host:8000/a.mp3 refused: no room'
    assert status_line(status) == expected


def test_a_station_that_is_not_heard_says_so_first() -> None:
    """Before the first block, and in silence that nobody asked for, the line begins with that."""
    assert status_line(Status("FM", Pulse(False, None, None))).startswith("nothing on air yet; ")
    assert status_line(Status("FM", Pulse(False, 9.0, PLAYING))).startswith("SILENT; ")
