"""Feeds: one encoder, many subscribers."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from latentfm.audio.pcm import Pcm
from latentfm.broadcast.block import Block, Playing
from latentfm.broadcast.encoders import Mp3Encoder, Mp3Framer, mp3_frame_length
from latentfm.broadcast.feeds import BURST, Feed
from latentfm.broadcast.supervised import Supervised
from latentfm.errors import OutputError

PLAYING = Playing("One", "one", "day", "fresh")


def blocks(pcm: Pcm, playing: Playing = PLAYING) -> Iterator[Block]:
    """Cut audio into blocks of a tenth of a second."""
    for at in range(0, len(pcm), 4800):
        yield Block(pcm[at : at + 4800], playing)


@pytest.fixture
def feed() -> Iterator[Feed]:
    """Return a feed whose encoder runs."""
    made = Feed()
    part = Supervised("feed", made.run)
    part.start()
    yield made
    assert part.stop()


def collect(subscription: Any, size: int) -> bytes:
    """Return what a subscription gives until it is at least ``size`` bytes, or nothing comes for a while."""
    data = b""
    while len(data) < size and (chunk := subscription.get(2.0)) is not None:
        data += chunk.data
    return data


def test_the_framer_finds_every_frame_of_a_stream(noise: Callable[..., Pcm]) -> None:
    """Bytes that come in any pieces, with rubbish before them, come out as whole frames."""
    encoder = Mp3Encoder(192)
    encoder._framer = type("All", (), {"push": staticmethod(lambda data: data)})()  # type: ignore[assignment]
    stream = b"".join(encoder.encode(block.pcm) for block in blocks(noise(3)))
    framer, whole = Mp3Framer(), b""
    rubbish = b"ID3 rubbish"
    for at in range(0, len(stream), 1000):
        out = framer.push((rubbish if at == 0 else b"") + stream[at : at + 1000])
        assert not out or mp3_frame_length(out) == 576
        assert len(out) % 576 == 0
        whole += out
    assert whole == stream[: len(whole)]
    assert len(stream) - len(whole) < 576


@pytest.mark.parametrize(
    "header", [b"\xff\xfb\xf4\x00", b"\xff\xfb\x04\x00", b"\xff\xfb\xbc\x00", b"\xff\xf3\xb4\x00", b"\0\0\0\0", b""]
)
def test_what_is_no_header_is_not_taken_for_one(header: bytes) -> None:
    """Reserved rates, MPEG-2 and anything else are no frames of ours."""
    assert mp3_frame_length(header) is None


def test_what_comes_out_is_the_audio_that_went_in(feed: Feed) -> None:
    """A subscriber's bytes decode to the tone that was offered, at its level: LAME takes off 0.3 dB at 192k."""
    tone = 0.25 * np.sin(2 * np.pi * 440 * np.arange(96_000) / 48_000)
    with feed.subscribe() as subscription:
        for block in blocks(np.stack([tone, tone], axis=1).astype(np.float32)):
            feed.offer(block)
        data = collect(subscription, 43_000)
    decoded, rate = sf.read(io.BytesIO(data))
    assert rate == 48_000
    middle = decoded[24_000:72_000, 0]
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.25 / np.sqrt(2), rel=0.04)
    assert np.argmax(np.abs(np.fft.rfft(middle))) == 440


@pytest.mark.parametrize("kbits", [64, 96, 128, 160, 192, 224, 256, 320])
def test_every_bit_rate_gives_frames_of_the_stations_rate(kbits: int) -> None:
    """At each rate that an output may have, what LAME makes is MPEG-1 at 48 kHz, and none of it is dropped."""
    tone = 0.25 * np.sin(2 * np.pi * 440 * np.arange(96_000) / 48_000)
    encoder = Mp3Encoder(kbits)
    data = b"".join(encoder.encode(block.pcm) for block in blocks(np.stack([tone, tone], axis=1).astype(np.float32)))
    decoded, rate = sf.read(io.BytesIO(data))
    assert (rate, decoded.ndim) == (48_000, 2)
    assert len(decoded) > 90_000
    assert np.argmax(np.abs(np.fft.rfft(decoded[24_000:72_000, 0]))) == 440


def test_a_new_subscriber_gets_a_burst_that_begins_with_a_frame(feed: Feed, noise: Callable[..., Pcm]) -> None:
    """The past that is handed out is at most 64 KiB, whole frames, and runs on into what follows without a gap."""
    with feed.subscribe() as first:
        for block in blocks(noise(8)):
            feed.offer(block)
        everything = collect(first, 180_000)
        with feed.subscribe(burst=BURST) as second:
            for block in blocks(noise(2)):
                feed.offer(block)
            everything += collect(first, 40_000)
            late = collect(second, BURST + 40_000 - 4_000)
    assert mp3_frame_length(late) == 576
    at = everything.find(late[:2000])
    assert at >= 180_000 - BURST - 1000
    assert everything[at : at + len(late)] == late
    assert len(late) > BURST


def test_a_subscriber_that_stalls_is_dropped_and_holds_nobody_up(feed: Feed, noise: Callable[..., Pcm]) -> None:
    """One that takes nothing is dropped once its queue is full; another one misses no byte."""
    woken = threading.Event()
    stalled = feed.subscribe(queue=20_000, notify=woken.set)
    with feed.subscribe() as keen:
        for block in blocks(noise(4)):
            feed.offer(block)
        data = collect(keen, 90_000)
    assert stalled.dropped
    assert stalled.closed
    assert woken.is_set()
    assert stalled.get(0.1) is None
    assert feed.subscribers == 0
    assert len(data) >= 90_000
    assert all(mp3_frame_length(data[at : at + 4]) == 576 for at in range(0, len(data) - 576, 576))


def test_titles_come_with_the_audio(feed: Feed, noise: Callable[..., Pcm]) -> None:
    """Each chunk says what is audible in it."""
    two = Playing("Two", "two", "day", "fresh")
    titles = []
    with feed.subscribe() as subscription:
        for block in (*blocks(noise(1)), *blocks(noise(1), two)):
            feed.offer(block)
        while (chunk := subscription.get(1.0)) is not None:
            titles.append(chunk.playing.title)
    assert titles == sorted(titles)
    assert set(titles) == {"One", "Two"}


def test_an_encoder_that_fails_is_rebuilt(noise: Callable[..., Pcm]) -> None:
    """A block that the encoder can't take costs a moment; subscribers stay and hear what follows."""
    feed = Feed()
    part = Supervised("feed", feed.run)
    part.start()
    with feed.subscribe() as subscription:
        feed.offer(Block("no audio", PLAYING))  # type: ignore[arg-type]
        for block in blocks(noise(2)):
            feed.offer(block)
        data = collect(subscription, 40_000)
    assert part.restarts == 1
    assert mp3_frame_length(data) == 576
    assert part.stop()


def test_a_late_encoder_loses_the_oldest_blocks(noise: Callable[..., Pcm]) -> None:
    """With no encoder running, offering never blocks and keeps the last fifteen seconds."""
    feed = Feed()
    for block in blocks(noise(20)):
        feed.offer(block)
    assert feed.dropped_blocks == 50


def test_an_unknown_format_is_named() -> None:
    """A feed of a format that nobody encodes is an error which lists the formats."""
    with pytest.raises(OutputError, match="mp3"):
        Feed("wma")


def test_a_feed_that_stops_ends_its_subscriptions() -> None:
    """A subscriber learns that nothing more will come."""
    feed = Feed()
    part = Supervised("feed", feed.run)
    part.start()
    subscription = feed.subscribe()
    assert part.stop()
    assert subscription.closed
    assert subscription.get(5) is None
