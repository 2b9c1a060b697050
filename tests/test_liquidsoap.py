"""A real Liquidsoap with the script that ships, between the source client and a real Icecast."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfm.bank import Bank
from latentfm.broadcast.broadcast import Broadcast
from latentfm.broadcast.feeds import Feed
from latentfm.broadcast.icecast import IcecastOutput
from latentfm.broadcast.icecast_wire import Target
from latentfm.broadcast.library import Library
from latentfm.broadcast.secret import Secret
from latentfm.broadcast.tone_bed import Beds
from latentfm.cli.control import _liquidsoaps
from latentfm.ops.liquidsoap import LiquidsoapError, ask
from latentfm.programme import Slot
from listening import Ear, Heard


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[Feed]:
    """Return the feed of a broadcast that plays the tone bed."""
    made = Feed()
    library = Library(Bank(tmp_path / "bank", tmp_path / "state"), lambda _: Slot("day"))
    broadcast = Broadcast(library, Beds("Nachtstück", lambda: "day"), [made])
    broadcast.start()
    yield made
    broadcast.stop()


@pytest.fixture
def liquidsoap(
    tmp_path: Path, repository: Path, program: Callable[..., str], free_port: Callable[[], int], icecast: Any
) -> Iterator[dict[str, Any]]:
    """Run the script; return the port that it takes a source on, its socket, and its folder for HLS."""
    icecast.start()
    (tmp_path / "in").write_text("open sesame\n")
    (tmp_path / "out").write_text(icecast.password + "\n")
    port, command_socket, hls = free_port(), tmp_path / "liq.sock", tmp_path / "hls"
    hls.mkdir()
    log = (tmp_path / "liquidsoap.log").open("w")
    settings = {
        "LIQ_PORT": str(port),
        "LIQ_PASSWORD": str(tmp_path / "in"),
        "LIQ_ICECAST": f"127.0.0.1:{icecast.port}",
        "LIQ_ICECAST_PASSWORD": str(tmp_path / "out"),
        "LIQ_HLS": str(hls),
        "LIQ_SOCKET": str(command_socket),
    }
    process = subprocess.Popen(
        [program("liquidsoap"), str(repository / "liquidsoap" / "station.liq")],
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    yield {"port": port, "socket": command_socket, "hls": hls, "log": tmp_path / "liquidsoap.log"}
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    log.close()


def mounts(icecast: Any) -> set[str]:
    """Return the mounts that are up."""
    try:
        sources = json.loads(icecast.status(), strict=False)["icestats"]["source"]
    except (OSError, json.JSONDecodeError, KeyError, TypeError):  # it is busy, or there is no source yet
        return set()
    every = sources if isinstance(sources, list) else [sources]
    return {source["listenurl"].rpartition("/")[2] for source in every}


def source(path: Path) -> str:
    """Return what Liquidsoap says that it plays, nothing while it does not answer."""
    try:
        return ask(path, "latentfm.source").strip()
    except LiquidsoapError:
        return ""


def test_the_station_goes_through_liquidsoap_and_is_stood_in_for(
    liquidsoap: dict[str, Any],
    feed: Feed,
    icecast: Any,
    eventually: Callable[..., None],
    program: Callable[..., str],
    tmp_path: Path,
) -> None:
    """Three mounts and HLS are up before the station is, go over to it, and stay up without silence when it goes."""
    said = f"see {liquidsoap['log'].read_text()}"
    eventually(lambda: source(liquidsoap["socket"]) == "fall back", 40, said)
    wanted = {"latentfm.mp3", "latentfm-96.mp3", "latentfm.opus"}
    eventually(lambda: wanted <= mounts(icecast), 20, f"not all mounts are up: {mounts(icecast)}")
    ear = Ear(program("ffmpeg"), icecast.url, tmp_path / "heard.f32")
    target = Target(f"http://127.0.0.1:{liquidsoap['port']}/latentfm", lambda: Secret("open sesame"))
    sender = IcecastOutput(target, feed, longest_wait=1.0)
    sender.start()
    eventually(lambda: source(liquidsoap["socket"]) == "station", 30, "the station was not taken")
    config = tmp_path / "config.toml"
    config.write_text(
        f'[[outputs]]\ntype = "icecast"\nurl = "{target.url}"\npassword_file = "in"\n'
        f'liquidsoap = "{liquidsoap["socket"]}"\n'
    )
    assert _liquidsoaps(config) == ["liquidsoap plays the station"]
    time.sleep(5)  # longer than a crossfade
    sender.stop()
    eventually(lambda: source(liquidsoap["socket"]) == "fall back", 40, "nothing stood in for the station")
    time.sleep(5)
    heard: Heard = ear.stop()
    assert not heard.cut_off
    assert heard.seconds > 10
    assert heard.longest_silence() <= 0.5
    playlist = liquidsoap["hls"] / "latentfm.m3u8"
    eventually(playlist.is_file, 30, "no HLS")
    decoded = subprocess.run(
        [program("ffmpeg"), "-v", "error", "-i", str(playlist), "-t", "2", "-f", "f32le", "-"],
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert np.abs(np.frombuffer(decoded.stdout, np.float32)).max() > 0.01


def test_nobody_at_the_socket_is_an_error_that_helps(tmp_path: Path) -> None:
    """It names the path and what to look for; a command with a line break is refused."""
    with pytest.raises(LiquidsoapError, match=r"nothing\.sock.*LIQ_SOCKET"):
        ask(tmp_path / "nothing.sock", "uptime")
    with pytest.raises(ValueError, match="one line"):
        ask(tmp_path / "nothing.sock", "uptime\nexit")
