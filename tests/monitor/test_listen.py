"""Listening to a real Icecast with a real source, and to a real station."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from icecast_server import Icecast, source
from latentfm.errors import MonitorError
from latentfm.monitor import Fault, Limits, listen
from latentfm.monitor.listener import Wish

# -16 dBFS in each of two channels: ffmpeg's sine is at -18.1, and spreading it over two takes off 3.
TONE = "sine=frequency=997:sample_rate=48000,volume=5.1dB"
PATIENT = Limits(title=1e6)


@pytest.fixture
def on_air(icecast: Icecast, eventually: Callable[..., None], program: Callable[..., str]) -> Iterator[Callable]:
    """Return a function that sends audio to an Icecast, and returns ffmpeg once the mount is up."""
    icecast.start()
    stack = []

    def send(audio: str) -> subprocess.Popen[bytes]:
        context = source(program("ffmpeg"), icecast, audio)
        process = context.__enter__()
        stack.append(context)
        eventually(icecast.mount, 15, "the source did not connect")
        return process

    yield send
    for context in stack:
        context.__exit__(None, None, None)


def heard(url: str, limits: Limits = PATIENT, wish: Wish | None = None) -> tuple[list[Fault], list[str]]:
    """Listen, and return the faults and the lines."""
    lines: list[str] = []
    return listen(url, limits, wish or Wish(seconds=30), lines.append), lines


def test_a_stream_that_is_well_has_no_faults(icecast: Icecast, on_air: Callable) -> None:
    """A tone of -16 LUFS is heard as that; after the time asked for there is a line, and no fault."""
    on_air(TONE)
    faults, lines = heard(icecast.url, Limits(title=1e6, window=10.0, tolerance=1.0), Wish(seconds=12))
    assert [fault for fault in faults if "late" not in fault.text] == []  # as a busy machine's audio may be
    assert lines[-1].startswith(("-15.", "-16."))


def test_silence_on_air_ends_it(icecast: Icecast, on_air: Callable) -> None:
    """A source that is connected and sends silence is noticed, though every process is well."""
    on_air("aevalsrc=0.2*sin(2*PI*440*t)*lt(t\\,3):s=48000")
    faults, lines = heard(icecast.url, Limits(silence=2.0, title=1e6))
    assert [fault.kind for fault in faults] == ["silence"]
    assert lines == [f"FAULT silence: {faults[0].text}"]


def test_a_stream_that_is_too_loud_ends_it(icecast: Icecast, on_air: Callable) -> None:
    """Ten seconds near full scale are enough, where the window is that short."""
    on_air("aevalsrc=0.9*sin(2*PI*997*t):s=48000")
    faults, _ = heard(icecast.url, Limits(window=10.0, title=1e6))
    assert [fault.kind for fault in faults] == ["loudness"]


def test_a_title_that_stands_ends_it(icecast: Icecast, on_air: Callable) -> None:
    """Ffmpeg sends no titles."""
    on_air(TONE)
    faults, _ = heard(icecast.url, Limits(title=3.0))
    assert [fault.kind for fault in faults] == ["title"]


def test_nobody_there_and_no_mount_are_told(icecast: Icecast) -> None:
    """A server that is not there, and one without this mount, are faults of the connection with their reason."""
    (fault,), _ = heard(icecast.url)
    assert (fault.kind, "refused" in fault.text) == ("connection", True)
    icecast.start()
    (fault,), _ = heard(icecast.url)
    assert (fault.kind, "404" in fault.text) == ("connection", True)
    (fault,), _ = heard(f"http://127.0.0.1:{icecast.port}/status-json.xsl")
    assert "only MP3 can be listened to" in fault.text


def test_a_server_that_stands_still_is_told(icecast: Icecast, on_air: Callable) -> None:
    """A connection that stays and gives nothing is lost after the time-out."""
    on_air(TONE)
    timer = threading.Timer(2.0, icecast.pause)
    timer.start()
    try:
        (fault,), _ = heard(icecast.url, wish=Wish(seconds=30, timeout=2.0))
    finally:
        timer.join()
        icecast.resume()
    assert (fault.kind, fault.text) == ("connection", "the connection stands, and gives nothing")


def test_a_stream_that_comes_back_is_listened_to_again(
    icecast: Icecast, on_air: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --keep-on a loss is told once, however long it lasts, and the stream is heard again when it is back."""
    monkeypatch.setattr("latentfm.monitor.listener._AGAIN", 0.3)
    first = on_air(TONE)

    def interrupt() -> None:
        first.kill()
        first.wait()
        threading.Timer(1.5, on_air, [TONE]).start()

    timer = threading.Timer(3.0, interrupt)
    timer.start()
    faults, lines = heard(icecast.url, wish=Wish(seconds=12, keep_on=True))
    timer.join()
    assert [fault.kind for fault in faults] == ["connection"]
    assert " s heard, 1 faults" in lines[-1]


@pytest.mark.parametrize("url", ["localhost:8010", "ftp://host/a.mp3", "http://"])
def test_what_is_no_address_is_an_error(url: str) -> None:
    """Only HTTP addresses can be listened to."""
    with pytest.raises(MonitorError, match="expected a stream's address"):
        heard(url)


def test_a_station_is_heard_by_the_command(
    tmp_path: Path, repository: Path, free_port: Callable[[], int], eventually: Callable[..., None]
) -> None:
    """A real station is found well, its title is told; once it is killed the command ends with 1 and says why."""
    port = free_port()
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    environ |= {"LATENTFM_WEB__PORT": str(port), "LATENTFM_STATION__STATE_DIR": str(tmp_path / "state")}
    command = [sys.executable, "-m", "latentfm"]
    url = f"http://127.0.0.1:{port}/stream.mp3"

    def ready() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    config = ["--config", str(repository / "config.toml")]
    with subprocess.Popen([*command, "run", *config], env=environ, stderr=subprocess.DEVNULL) as station:
        try:
            eventually(ready, 60, "the station did not get ready")
            well = subprocess.run(
                [*command, "monitor", url, "--seconds", "6"],
                env=environ,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert well.returncode == 0, well.stdout + well.stderr
            assert '"' in well.stdout
            assert "0 faults" in well.stdout
            monitor = subprocess.Popen([*command, "monitor", url], env=environ, stdout=subprocess.PIPE, text=True)
            threading.Timer(4.0, station.kill).start()
            said, _ = monitor.communicate(timeout=60)
            assert monitor.returncode == 1
            assert "FAULT connection: " in said
        finally:
            station.kill()
