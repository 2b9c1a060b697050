"""The source client, against a real Icecast."""

from __future__ import annotations

import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from latentfm.broadcast.broadcast import Broadcast
from latentfm.broadcast.feeds import Feed
from latentfm.broadcast.icecast import IcecastOutput
from latentfm.broadcast.icecast_wire import BusyError, RefusedError, Target, check_answer, probe
from latentfm.broadcast.library import Library
from latentfm.broadcast.secret import Secret
from latentfm.broadcast.tone_bed import Beds
from latentfm.errors import OutputError
from latentfm.programme import Slot


@pytest.fixture
def feed(bank: Any) -> Iterator[Feed]:
    """Return the feed of a broadcast that plays the tone bed."""
    made = Feed()
    broadcast = Broadcast(Library(bank, lambda _: Slot("day")), Beds("Nachtstück, 1° «ü»", lambda: "day"), [made])
    broadcast.start()
    yield made
    broadcast.stop()


@pytest.fixture
def output(feed: Feed) -> Iterator[Callable[..., IcecastOutput]]:
    """Return a function that starts an output; all of them are stopped at the end."""
    started: list[IcecastOutput] = []

    def start(url: str, password: str, **settings: Any) -> IcecastOutput:
        timeout = settings.pop("timeout", 10.0)
        target = Target(url, lambda: Secret(password), **settings)
        started.append(IcecastOutput(target, feed, longest_wait=1.0, timeout=timeout))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        one.stop()


def test_the_mount_is_up_with_name_and_title(
    icecast: Any, output: Callable[..., IcecastOutput], eventually: Callable[..., None], program: Callable[..., str]
) -> None:
    """A listener of Icecast gets decodable audio; name, rate and title are right, beyond ASCII too."""
    icecast.start()
    sender = output(icecast.url, icecast.password, name="Latent FM", description="two\r\nlines")
    eventually(lambda: icecast.mount().get("title") == "Nachtstück, 1° «ü»", 10, f"no title: {icecast.mount()}")
    source = icecast.mount()
    assert source["server_name"] == "Latent FM"
    assert source["server_type"] == "audio/mpeg"
    assert source["server_description"] == "two lines"
    assert source["bitrate"] == 192
    assert sender.status.state == "connected"
    eventually(lambda: sender.status.title == "Nachtstück, 1° «ü»", 5, "the title is not in the status")
    heard = subprocess.run(
        [program("ffmpeg"), "-v", "error", "-i", icecast.url, "-t", "2", "-f", "f32le", "-ac", "2", "-"],
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert len(heard.stdout) == pytest.approx(2 * 48_000 * 8, rel=0.05)
    assert heard.stderr == b""


def test_a_server_that_comes_back_gets_stream_and_title_again(
    icecast: Any, feed: Feed, output: Callable[..., IcecastOutput], eventually: Callable[..., None]
) -> None:
    """Icecast is gone for four seconds: the stream and its title come back, and another subscriber loses no byte."""
    icecast.start()
    data: list[bytes] = []
    with feed.subscribe() as other, capture_logs() as logs:
        sender = output(icecast.url, icecast.password)
        eventually(lambda: icecast.mount().get("title"), 10, "the mount did not come up")
        icecast.stop()
        eventually(lambda: sender.status.state == "waiting", 5, "the loss was not noticed")
        lost = sender.status.last_write
        assert lost is not None
        assert time.time() - lost < 6
        time.sleep(4)
        assert sender.status.last_write == lost, "nothing was there to accept a byte"
        icecast.start()
        eventually(lambda: icecast.mount().get("title"), 10, "the title did not come back")
        while (chunk := other.get_now()) is not None:
            data.append(chunk.data)
    assert (sender.status.last_write or 0.0) > lost
    stream = b"".join(data)
    assert all(stream[at : at + 2] == b"\xff\xfb" for at in range(0, len(stream), 576))
    assert not other.dropped
    assert feed.dropped_blocks == 0
    assert (sender.status.connects, sender.status.reconnects) == (2, 1)
    events = [entry["event"] for entry in logs if entry.get("output") == sender.name]
    assert events.count("output_connected") == events.count("output_reconnected") == 1
    assert 1 <= events.count("output_lost") <= 3
    assert icecast.password not in str(logs)


def test_a_wrong_password_is_told_apart(
    icecast: Any, output: Callable[..., IcecastOutput], eventually: Callable[..., None]
) -> None:
    """A 401 is logged once, with what to do, without the password; the output goes on trying."""
    icecast.start()
    with capture_logs() as logs:
        sender = output(icecast.url, "wrong sesame")
        eventually(lambda: sender.status.state == "refused", 10, "the refusal was not noticed")
        time.sleep(2.5)
    assert "password_file" in (sender.status.reason or "")
    assert [entry["event"] for entry in logs if entry.get("output") == sender.name] == ["output_refused"]
    assert "wrong sesame" not in str(logs) + str(sender.status)


def test_a_password_that_is_corrected_is_taken_up(icecast: Any, feed: Feed, eventually: Callable[..., None]) -> None:
    """The password is read at each connect: no restart is needed once the file is right."""
    icecast.start()
    passwords = iter(["wrong"])
    target = Target(icecast.url, lambda: Secret(next(passwords, icecast.password)))
    sender = IcecastOutput(target, feed, longest_wait=1.0)
    sender.start()
    eventually(lambda: sender.status.state == "connected", 10, "the right password was not taken up")
    sender.stop()
    assert sender.status.state == "stopped"


def test_a_mount_that_is_taken_is_told_apart(
    icecast: Any, output: Callable[..., IcecastOutput], eventually: Callable[..., None]
) -> None:
    """A second source on one mount is refused, and its log says that another may be on it."""
    icecast.start()
    first = output(icecast.url, icecast.password)
    eventually(lambda: first.status.state == "connected", 10, "the first source did not connect")
    second = output(icecast.url, icecast.password)
    eventually(lambda: second.status.state == "refused", 10, "the refusal was not noticed")
    assert "another source" in (second.status.reason or "")
    assert first.status.state == "connected"


def test_a_probe_says_whether_it_would_be_let_in(
    icecast: Any, output: Callable[..., IcecastOutput], eventually: Callable[..., None]
) -> None:
    """A probe tells a free mount, one that is taken and a wrong password apart, and the source on air stays there."""
    icecast.start()
    right = Target(icecast.url, lambda: Secret(icecast.password))
    assert probe(right, "audio/mpeg", 192)
    eventually(lambda: not icecast.mount(), 10, "the probe left a mount behind")
    first = output(icecast.url, icecast.password)
    eventually(lambda: icecast.mount().get("title"), 10, "the source did not connect")
    assert not probe(right, "audio/mpeg", 192)
    with pytest.raises(RefusedError, match="401"):
        probe(Target(icecast.url, lambda: Secret("wrong")), "audio/mpeg", 192)
    time.sleep(0.5)
    assert first.status.state == "connected"
    assert first.status.connects == 1
    assert icecast.mount().get("title")


def test_a_server_that_stalls_counts_as_gone(
    icecast: Any, output: Callable[..., IcecastOutput], eventually: Callable[..., None]
) -> None:
    """A server that keeps the connection and takes nothing is left after the time-out, and found again later."""
    icecast.start()
    sender = output(icecast.url, icecast.password, timeout=1.0)
    eventually(lambda: sender.status.state == "connected", 10, "the source did not connect")
    icecast.pause()
    try:
        eventually(lambda: sender.status.state == "waiting", 45, "the stall was not noticed")
    finally:
        icecast.resume()
    eventually(lambda: sender.status.state == "connected", 15, "the source did not come back")


def test_tls_is_checked_and_spoken(
    icecast: Any,
    output: Callable[..., IcecastOutput],
    eventually: Callable[..., None],
    program: Callable[..., str],
    tmp_path: Path,
) -> None:
    """With https stream and title go through TLS; a certificate that nobody vouches for is refused."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            program("openssl"),
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            key,
            "-out",
            certificate,
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ],
        check=True,
        capture_output=True,
    )
    both = icecast.folder / "both.pem"
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    icecast.start(both)
    url = f"https://localhost:{icecast.tls_port}/latentfm.mp3"
    stranger = output(url, icecast.password)
    eventually(lambda: "CERTIFICATE_VERIFY_FAILED" in (stranger.status.reason or ""), 10, "it was not refused")
    stranger.stop()
    sender = output(url, icecast.password, ca_file=certificate)
    eventually(lambda: icecast.mount().get("title"), 15, f"no title over TLS: {sender.status}")
    assert sender.status.state == "connected"


def test_nobody_there_costs_nothing(
    feed: Feed, output: Callable[..., IcecastOutput], free_port: Callable[[], int], eventually: Callable[..., None]
) -> None:
    """A server that is not there yet leaves the output waiting, logged once, and it stops at once when told to."""
    with capture_logs() as logs:
        sender = output(f"http://127.0.0.1:{free_port()}/mount.mp3", "x")
        eventually(lambda: sender.status.state == "waiting", 5, "the fault was not noticed")
        time.sleep(1.5)
    assert [entry["event"] for entry in logs if entry.get("output") == sender.name] == ["output_lost"]
    sender.stop()
    assert sender.status.state == "stopped"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(sender.name)]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/mount",
        "http:///mount",
        "http://host:8000",
        "http://host:8000/",
        "http://me:pw@host/mount",
        "http://host:port/mount",
        "http://host/a b",
        "http://host/a\r\nX: y",
    ],
)
def test_a_url_that_names_no_mount_is_an_error(url: str) -> None:
    """A URL without host or mount, with a password or with blanks in it is refused at once."""
    with pytest.raises(OutputError, match="looks like"):
        Target(url, lambda: Secret("x"))


def test_answers_are_told_apart() -> None:
    """100 and 200 let the source in, 401 and 403 are refusals, anything else is a fault that may pass."""
    check_answer(b"HTTP/1.1 100 Continue\r\n\r\n")
    check_answer(b"HTTP/1.0 200 OK\r\n\r\n")
    for in_use in (b"HTTP/1.0 403 Forbidden\r\n\r\nMountpoint in use", b"HTTP/1.1 409 Conflict\r\n\r\n"):
        with pytest.raises(BusyError, match="another source"):
            check_answer(in_use)
    for refused, word in (
        (b"HTTP/1.0 403 Forbidden\r\n\r\ntoo many sources connected", "403 too many"),
        (b"HTTP/1.1 404 No\r\n", "404"),
    ):
        with pytest.raises(RefusedError, match=word) as refusal:
            check_answer(refused)
        assert not isinstance(refusal.value, BusyError)
    for answer in (b"HTTP/1.0 503 Busy\r\n\r\n", b"SSH-2.0-OpenSSH\r\n"):
        with pytest.raises(OutputError) as fault:
            check_answer(answer)
        assert not isinstance(fault.value, RefusedError)


def test_a_listener_of_icecast_hears_it_after_a_restart(
    icecast: Any, output: Callable[..., IcecastOutput], eventually: Callable[..., None]
) -> None:
    """A listener who comes right after a reconnect gets a burst: Icecast was handed some of the past."""
    icecast.start()
    sender = output(icecast.url, icecast.password)
    eventually(lambda: sender.status.bytes_sent > 40_000, 10, "nothing was sent")
    with urllib.request.urlopen(icecast.url, timeout=5) as answer:
        assert len(answer.read(30_000)) == 30_000
