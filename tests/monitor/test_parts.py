"""The monitor's parts: titles out of a stream, MP3 as it comes, and what is judged to be wrong."""

from __future__ import annotations

import io

import lameenc
import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.broadcast.encoders import Mp3Encoder
from latentfm.errors import MonitorError
from latentfm.monitor.decode import Mp3Decoder
from latentfm.monitor.icy import Splitter
from latentfm.monitor.judge import Fault, Judge, Limits
from latentfm.web.icy import Interleaver


def noise(seconds: float, level: float = 0.1) -> Pcm:
    """Return noise of an RMS of ``level``."""
    rng = np.random.default_rng(1)
    return (rng.standard_normal((round(seconds * SAMPLE_RATE), 2)) * level).astype(np.float32)


def tone(seconds: float, level: float) -> Pcm:
    """Return a tone of 997 Hz, whose loudness in LUFS is its level in dBFS."""
    turns = np.arange(round(seconds * SAMPLE_RATE)) * (997.0 / SAMPLE_RATE)
    wave = level * np.sin(2 * np.pi * turns)
    return np.stack([wave, wave], axis=1).astype(np.float32)


@given(
    st.lists(st.tuples(st.binary(max_size=200), st.text(max_size=20)), max_size=10),
    st.integers(1, 60),
    st.integers(1, 90),
)
def test_titles_are_parted_from_audio(parts: list[tuple[bytes, str]], interval: int, cut: int) -> None:
    """However a stream with titles is cut on its way, its audio and the titles in it are what the station put in."""
    interleaver = Interleaver(interval)
    stream = b"".join(interleaver.push(audio, title) for audio, title in parts)
    splitter = Splitter(interval)
    heard = [splitter.push(stream[at : at + cut]) for at in range(0, len(stream), cut)]
    assert b"".join(audio for audio, _ in heard) == b"".join(audio for audio, _ in parts)
    titles = [title for _, some in heard for title in some]
    assert set(titles) <= {title.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}") for _, title in parts}
    assert bool(titles) == (sum(len(audio) for audio, _ in parts) >= interval)


def test_a_stream_without_titles_is_audio() -> None:
    """Where the server announces no metadata, every byte is audio."""
    assert Splitter(None).push(b"abc") == (b"abc", [])


@pytest.mark.parametrize("kbits", [64, 192, 320])
def test_mp3_is_decoded_as_it_comes(kbits: int) -> None:
    """Piece by piece, from the middle of a frame on, the samples are those of the whole stream, to the bit."""
    encoder = Mp3Encoder(kbits)
    data = b"".join(encoder.encode(block) for block in np.array_split(noise(6), 60))
    whole, _ = sf.read(io.BytesIO(data), dtype="float32", always_2d=True)
    decoder, rng, parts, at = Mp3Decoder(), np.random.default_rng(kbits), [], 0
    while at < len(data):
        step = int(rng.integers(1, 5000))
        parts.append(decoder.push(data[at : at + step]))
        at += step
    heard = np.concatenate(parts)
    assert len(heard) > 4 * SAMPLE_RATE
    np.testing.assert_array_equal(heard, whole[: len(heard)])


def test_what_is_no_mp3_is_told() -> None:
    """Text without end, and a stream of another rate, are errors that say so."""
    with pytest.raises(MonitorError, match="no MP3"):
        Mp3Decoder().push(b"not a frame anywhere " * 4000)
    lame = lameenc.Encoder()
    lame.silence()
    lame.set_in_sample_rate(44_100)
    lame.set_channels(2)
    lame.set_bit_rate(128)
    data = bytes(lame.encode(bytes(4 * 44_100 * 3)))
    with pytest.raises(MonitorError, match="44100 Hz"):
        Mp3Decoder().push(data)


def judged(judge: Judge, pcm: Pcm, cut: int = 50_000) -> list[Fault]:
    """Let a judge hear audio in pieces, and return what it says."""
    return [fault for at in range(0, len(pcm), cut) for fault in judge.hear(pcm[at : at + cut])]


def test_silence_is_told_once_an_episode() -> None:
    """Longer silence than is put up with is a fault, again after music; shorter silence is none."""
    judge = Judge(Limits(silence=3.0))
    quiet = np.zeros((round(2.8 * SAMPLE_RATE), 2), np.float32)
    assert judged(judge, np.concatenate([noise(2), quiet, noise(2), quiet, noise(2)])) == []
    found = judged(judge, np.concatenate([quiet, quiet, quiet, noise(1), quiet, quiet]))
    assert [fault.kind for fault in found] == ["silence", "silence"]
    assert judge.silence == pytest.approx(5.6, abs=0.06)


@pytest.mark.parametrize(("level", "faults"), [(0.158, []), (0.5, ["loudness"]), (0.02, ["loudness"])])
def test_loudness_is_integrated(level: float, faults: list[str]) -> None:
    """A tone of -16 LUFS is right, of -6 and of -34 wrong; it is measured as BS.1770 has it, across the pieces."""
    judge = Judge(Limits(window=20.0))
    assert [fault.kind for fault in judged(judge, tone(25, level))] == faults
    assert judge.loudness == pytest.approx(20 * np.log10(level), abs=0.1)


def test_a_title_that_stands_still_is_told() -> None:
    """A title must change in time, and saying the same one again is no change; a stream without any is told as well."""
    judge = Judge(Limits(title=5.0))
    assert [fault.text for fault in judged(judge, noise(6))] == ["no title came for 0.1 minutes"]
    judge.name("One")
    assert judged(judge, noise(4)) == []
    judge.name("One")
    (fault,) = judged(judge, noise(3))
    assert fault.text.startswith('"One" stands')
    judge.name("Two")
    assert judged(judge, noise(2)) == []
