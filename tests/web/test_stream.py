"""The stream as real clients hear it."""

from __future__ import annotations

import io
import socket
import subprocess
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from latentfm.broadcast.encoders import mp3_frame_length
from latentfm.broadcast.feeds import BURST


def test_a_listener_gets_a_burst_and_then_the_stream(radio: Any, eventually: Callable[..., None]) -> None:
    """A new listener gets nearly 64 KiB at once, beginning with a frame, and then what is played."""
    eventually(lambda: radio.feed._ring_size > BURST - 4000, 10, "the ring did not fill")
    began = time.monotonic()
    with radio.get("/stream.mp3") as answer:
        data = answer.read(BURST - 4000)
        assert time.monotonic() - began < 2.0
        data += answer.read(48_000)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "audio/mpeg"
    assert answer.headers["icy-br"] == "192"
    assert "icy-metaint" not in answer.headers
    assert all(mp3_frame_length(data[at : at + 4]) == 576 for at in range(0, len(data) - 576, 576))
    decoded, rate = sf.read(io.BytesIO(data))
    assert rate == 48_000
    assert np.sqrt(np.mean(decoded[4800:] ** 2)) > 0.05


def test_a_player_that_asks_gets_titles(radio: Any) -> None:
    """With Icy-MetaData a title comes every ``icy-metaint`` bytes, and changes when the music does."""
    with radio.get("/stream.mp3", Icy_MetaData="1") as answer:
        interval = int(answer.headers["icy-metaint"])
        titles, audio = [], b""
        for place in range(8):
            audio += answer.read(interval)
            text = answer.read(answer.read(1)[0] * 16)
            titles.append(text.rstrip(b"\0").decode())
            if place == 3:
                radio.noise.title = "Evening in D"
    said = [title for title in titles if title]
    assert said == ["StreamTitle='Morning in C';", "StreamTitle='Evening in D';"]
    assert all(mp3_frame_length(audio[at : at + 4]) == 576 for at in range(0, len(audio) - 576, 576))


def test_a_head_request_gets_the_headers_only(radio: Any) -> None:
    """HEAD tells a player what it would get, and takes no seat."""
    with radio.get("/stream.mp3", "HEAD", Icy_MetaData="1") as answer:
        assert answer.read() == b""
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "audio/mpeg"
    assert answer.headers["icy-metaint"] == "16000"
    assert radio.feed.subscribers == 0


def test_an_old_player_gets_no_chunks(radio: Any) -> None:
    """A client that speaks HTTP/1.0 gets the bare stream."""
    with socket.create_connection(("127.0.0.1", radio.web.port), timeout=10) as sock:
        sock.sendall(b"GET /stream.mp3 HTTP/1.0\r\n\r\n")
        data = b""
        while len(data) < 20_000:
            data += sock.recv(4096)
    head, _, body = data.partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower()
    assert mp3_frame_length(body) == 576


def test_ffmpeg_listens(radio: Any, program: Callable[..., str]) -> None:
    """A real player decodes it without a complaint and reads the title."""
    url = f"http://127.0.0.1:{radio.web.port}/stream.mp3"
    heard = subprocess.run(
        [program("ffmpeg"), "-v", "info", "-icy", "1", "-i", url, "-t", "3", "-f", "f32le", "-ac", "2", "-"],
        capture_output=True,
        timeout=30,
        check=True,
    )
    samples = np.frombuffer(heard.stdout, dtype=np.float32)
    assert abs(len(samples) / 2 / 48_000 - 3) < 0.1
    assert b"Morning in C" in heard.stderr
    assert b"error" not in heard.stderr.lower()


def test_listeners_that_leave_free_everything(
    radio: Any, eventually: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    """After many, polite and rude, no subscription and no seat is left, and nothing was sent to who had left."""
    eventually(lambda: radio.feed._ring_size > BURST - 4000, 10, "the ring did not fill")
    for place in range(60):
        sock = socket.create_connection(("127.0.0.1", radio.web.port), timeout=10)
        sock.sendall(b"GET /stream.mp3 HTTP/1.1\r\nHost: x\r\n\r\n")
        if place % 3:
            assert sock.recv(1000)
        if place % 2:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closes with a reset
        sock.close()
    eventually(lambda: radio.feed.subscribers == 0, 10, "subscriptions are left")
    eventually(lambda: radio.web.status.listeners == 0, 5, "seats are left")
    assert "socket.send() raised exception" not in caplog.text
    with radio.get("/stream.mp3") as answer:
        assert len(answer.read(5000)) == 5000


def test_a_client_that_reads_nothing_is_dropped(
    make_radio: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    """It loses its seat and its connection, while another listener hears every frame."""
    radio = make_radio(stall=1.0)
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.connect(("127.0.0.1", radio.web.port))
    stuck.sendall(b"GET /stream.mp3 HTTP/1.1\r\nHost: x\r\n\r\n")
    eventually(lambda: radio.web.status.listeners == 1, 5, "it got no seat")
    with radio.get("/stream.mp3") as answer:
        data = b""
        until = time.monotonic() + 60
        while radio.web.status.listeners == 2 or len(data) < 100_000:
            data += answer.read(4800)
            assert time.monotonic() < until, "the client that reads nothing still has its seat"
        assert radio.web.status.listeners == 1
    assert all(mp3_frame_length(data[at : at + 4]) == 576 for at in range(0, len(data) - 576, 576))
    stuck.close()


def test_there_are_only_so_many_seats(make_radio: Callable[..., Any], eventually: Callable[..., None]) -> None:
    """One listener too many gets a 503 and a time to come back; a seat that is left is free again."""
    radio = make_radio(max_listeners=2)
    with radio.get("/stream.mp3"):
        with radio.get("/stream.mp3"), radio.get("/stream.mp3") as third:
            assert third.status == 503
            assert third.headers["Retry-After"] == "60"
        eventually(lambda: radio.web.status.listeners == 1, 5, "the seat was not freed")
        assert radio.code("/stream.mp3") == 200
