"""A whole station that is steered: hours, control, reload, and a stop that is heard out."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from latentfm.audio.pcm import SAMPLE_RATE
from waiting import wait_until

Start = Callable[..., Any]
ROLES = ("lead", "pad", "bass")


def latentfm(station: Any, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line beside a station."""
    path = os.pathsep.join(part for part in sys.path if part)
    command = [sys.executable, "-m", "latentfm", *words, "--config", str(station.folder / "config.toml")]
    return subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=60, check=False
    )


def status(station: Any) -> dict[str, Any]:
    """Return a station's status."""
    document: dict[str, Any] = json.loads(station.get("/status.json")[1])
    return document


def clock(minutes: float) -> str:
    """Return the local time some minutes from now."""
    return f"{datetime.now().astimezone() + timedelta(minutes=minutes):%H:%M}"


def post(station: Any, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    """Return code and answer of a request over HTTP."""
    request = urllib.request.Request(station.url("/control"), body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_the_command_line_steers_a_station(start_station: Start) -> None:
    """Status, skip, mood, pause and resume, each heard of by the log and the status; wrong moods get a suggestion."""
    station = start_station()
    station.wait_for("on_air", times=2)
    assert (station.state / "control.sock").stat().st_mode & 0o777 == 0o600
    said = latentfm(station, "status")
    assert said.returncode == 0
    assert said.stdout.startswith("Latent FM: ready\non air     Chord")
    station.wait_for("take_published", times=2)
    before = len(station.events("on_air"))
    assert latentfm(station, "skip").returncode == 0
    skipped = time.monotonic()
    station.wait_for("on_air", times=before + 1)
    assert time.monotonic() - skipped < 9  # a take of chords lasts for nine seconds, seam to seam
    wrong = latentfm(station, "mood", "nihgt")
    assert wrong.returncode == 1
    assert wrong.stderr == "latentfm: unknown playlist 'nihgt'; did you mean 'night'?\n"
    assert "night from the next seam on" in latentfm(station, "mood", "night").stdout
    assert status(station)["programme"] == {"playlist": "night", "next": None, "asked": True}
    wait_until(lambda: status(station)["now"]["playlist"] == "night", 40)
    assert latentfm(station, "mood", "auto").returncode == 0
    assert status(station)["programme"] == {"playlist": "day", "next": None}
    assert latentfm(station, "pause").stdout == "paused\n"
    assert latentfm(station, "pause").stdout == "it was paused already\n"
    wait_until(lambda: status(station)["now"]["title"] == "Paused", 20)
    aired = len(station.events("on_air"))
    time.sleep(3)
    assert station.get("/readyz")[0] == 200
    document = json.loads(latentfm(station, "status", "--json").stdout)
    assert document["paused"]
    assert document["seconds_since_audible"] > 2
    assert len(station.events("on_air")) == aired
    assert latentfm(station, "resume").stdout == "going on\n"
    wait_until(lambda: (status(station)["seconds_since_audible"] or 9) < 1, 20)
    assert station.terminate() == 0
    gone = latentfm(station, "status")
    assert gone.returncode == 1
    assert gone.stderr.startswith("latentfm: no station runs here (looked at ")
    assert not [event for event in station.events() if event["level"] in ("warning", "error")]


def test_over_http_it_takes_a_token(start_station: Start, tmp_path: Path) -> None:
    """Without a configured token nothing may be done; with one only by who has it; the file may be changed."""
    station = start_station(name="read-only")
    code, answer = post(station, b'{"verb": "pause"}', Authorization="Bearer x")
    assert (code, answer["ok"]) == (403, False)
    assert "read-only" in answer["error"]
    token = tmp_path / "token"
    token.write_text("one two\n")
    token.chmod(0o600)
    station = start_station(config=f'web.control_token_file = "{token}"')
    station.wait_for("station_started")
    for headers in ({}, {"Authorization": "Bearer one"}, {"Authorization": "Basic one two"}):
        assert post(station, b'{"verb": "pause"}', **headers)[0] == 401
    good = {"Authorization": "Bearer one two"}
    assert post(station, b'{"verb": "pause"}', **good) == (200, {"ok": True, "changed": True})
    assert post(station, b'{"verb": "resume"}', **good) == (200, {"ok": True, "changed": True})
    code, answer = post(station, b'{"verb": "mood", "name": "nihgt"}', **good)
    assert (code, answer["error"]) == (400, "unknown playlist 'nihgt'; did you mean 'night'?")
    assert post(station, b"x" * 5000, **good)[0] == 400
    assert station.get("/control")[0] == 405
    token.write_text("three\n")
    assert post(station, b'{"verb": "status"}', **good)[0] == 401
    token.chmod(0o644)
    assert post(station, b'{"verb": "status"}', Authorization="Bearer three")[0] == 503
    assert "one two" not in station.log
    assert "three" not in station.log


def test_a_station_that_is_closed_is_silent_and_healthy(start_station: Start, tmp_path: Path) -> None:
    """It lets nothing through from its first block on, streams all the same, rests, and opens when the file says so."""
    opens = clock(120)
    station = start_station(config=f'[hours]\nopen = [{{ at = "{opens}", until = "{clock(180)}" }}]\n')
    assert station.wait_for("hours_closed")["until"][11:16] == opens
    station.wait_for("ready")
    station.wait_for("take_published", times=4)  # one is chosen, and three lie ready
    with urllib.request.urlopen(station.url("/stream.mp3"), timeout=10) as stream:
        (tmp_path / "closed.mp3").write_bytes(stream.read(60_000))
    pcm, _ = sf.read(tmp_path / "closed.mp3")
    assert len(pcm) > SAMPLE_RATE
    assert np.abs(pcm).max() < 1e-4
    document = status(station)
    assert (document["health"], document["hours"]["open"]) == ("ready", False)
    assert document["now"]["title"].startswith("Closed until ")
    assert document["now"]["title"].endswith(opens)
    time.sleep(2.5)
    assert len(station.events("take_published")) == 4
    assert not station.events("on_air")
    config = station.folder / "config.toml"
    config.write_text(config.read_text().replace(opens, clock(-120)))
    os.kill(station.pid, signal.SIGHUP)
    station.wait_for("hours_opened")
    station.wait_for("on_air")
    wait_until(lambda: status(station)["seconds_since_audible"] is not None, 20)
    assert station.terminate() == 0


def test_a_reload_changes_what_may_change_and_refuses_what_is_broken(start_station: Start) -> None:
    """A new mood is on from the next seam, what needs a restart is named, and a broken file changes nothing."""
    station = start_station()
    station.wait_for("on_air", times=2)
    config = station.folder / "config.toml"
    good = config.read_text()
    config.write_text(f'{good}\nprogramme.playlist = "nihgt"\nweb.max_listeners = 0\n')
    os.kill(station.pid, signal.SIGHUP)
    faults = " ".join(station.wait_for("reload_refused")["faults"])
    assert "did you mean 'night'" in faults
    assert "web.max_listeners = 0: expected 1 or more" in faults
    assert status(station)["programme"]["playlist"] == "day"
    folder = station.folder / "playlists"
    folder.mkdir()
    (folder / "mine.toml").write_text(
        'title = "Mine"\n' + "".join(f'[[voices]]\nrole = "{role}"\nsoundfont = "no-font"\n' for role in ROLES)
    )
    config.write_text(f'{good}\nprogramme.playlist = "mine"\n')
    os.kill(station.pid, signal.SIGHUP)
    assert "no-font" in " ".join(station.wait_for("reload_refused", times=2)["faults"])
    config.write_text(f'{good}\nprogramme.playlist = "night"\nweb.max_listeners = 7\nhours.closed = ["1999-01-01"]\n')
    os.kill(station.pid, signal.SIGHUP)
    assert station.wait_for("restart_needed")["keys"] == ["web.max_listeners"]
    station.wait_for("reloaded")
    assert status(station)["programme"]["playlist"] == "night"
    wait_until(lambda: status(station)["now"]["playlist"] == "night", 40)
    kept = json.loads((station.state / "last-good.json").read_text())
    assert kept["config"]["programme"]["playlist"] == "night"
    assert station.terminate() == 0


def test_a_stop_is_heard_as_a_fade(start_station: Start, program: Callable[..., str], tmp_path: Path) -> None:
    """What a real player has received when the station is gone ends in a fade of two seconds, down to silence."""
    station = start_station()
    station.wait_for("on_air", times=2)
    wav = tmp_path / "heard.wav"
    command = [program("ffmpeg"), "-loglevel", "error", "-i", station.url("/stream.mp3"), "-y", str(wav)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as player:
        time.sleep(3)
        began = time.monotonic()
        assert station.terminate() == 0
        assert time.monotonic() - began < 5
        player.wait(20)
    pcm = np.abs(sf.read(wav)[0]).max(axis=1)
    tail = SAMPLE_RATE // 4
    assert pcm[-tail:].max() < 2e-4
    sounding = int(np.flatnonzero(pcm > 2e-3)[-1])
    levels = [pcm[max(sounding - round(back * SAMPLE_RATE), 0) :][:4800].max() for back in (2.6, 1.5, 1.0, 0.5)]
    assert all(later < 1.05 * earlier for earlier, later in pairwise(levels))  # the music may grow before the fade does
    assert levels[0] > 0.1 > levels[2] > levels[3]
    assert np.diff(np.flatnonzero(pcm[: sounding + 1] > 1e-5)).max() < SAMPLE_RATE // 20
    assert not [event for event in station.events() if event["level"] in ("warning", "error")]
