"""ICY titles between the audio."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from latentfm.web.icy import Interleaver, metadata


def take_apart(stream: bytes, interval: int) -> tuple[bytes, list[str]]:
    """Return the audio and the titles of a stream, as a player takes it apart."""
    audio, titles = b"", []
    while len(stream) > interval:
        audio, stream = audio + stream[:interval], stream[interval:]
        length = stream[0] * 16
        text, stream = stream[1 : 1 + length].rstrip(b"\0").decode(), stream[1 + length :]
        if text:
            titles.append(text.removeprefix("StreamTitle='").removesuffix("';"))
    return audio + stream, titles


@given(pieces=st.lists(st.tuples(st.binary(max_size=70), st.sampled_from(["One", "Two"])), max_size=30))
def test_a_player_gets_the_audio_back(pieces: list[tuple[bytes, str]]) -> None:
    """However the audio comes in pieces, what is left without the metadata is the audio, and titles come in order."""
    interleaver = Interleaver(interval=50)
    stream = b"".join(interleaver.push(data, title) for data, title in pieces)
    audio, titles = take_apart(stream, 50)
    assert audio == b"".join(data for data, _ in pieces)
    assert all(one != two for one, two in itertools.pairwise(titles))


def test_a_title_is_sent_when_it_changes() -> None:
    """The title comes with the first metadata, then a zero says that it still holds."""
    interleaver = Interleaver(interval=10)
    stream = interleaver.push(b"a" * 30, "One") + interleaver.push(b"b" * 10, "Two") + interleaver.push(b"c", "Two")
    assert take_apart(stream, 10) == (b"a" * 30 + b"b" * 10 + b"c", ["One", "Two"])
    assert stream[10:11] == bytes([2])
    assert stream[53:54] == b"\0"


def test_a_title_can_not_break_out() -> None:
    """Quotes that would end the title are written another way, and length is in units of 16."""
    text = metadata("It's'; StreamUrl='x")
    assert text.count(b"'") == 2
    assert len(text) == 1 + 16 * text[0]


def test_a_title_that_is_too_long_is_cut_between_characters() -> None:
    """The longest piece of metadata has 4080 bytes; a character is never cut in half."""
    text = metadata("ü" * 5000)
    assert text[0] == 255
    assert text[1:].rstrip(b"\0").decode().endswith("ü';")
