"""The pipe between the station and its studio."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from latentfm.brief import Brief
from latentfm.studio import protocol
from latentfm.studio.protocol import Failed, Order, Pipe, ProtocolError, encode, parse_order, parse_reply


@pytest.fixture
def ends() -> Iterator[tuple[Pipe, int, int]]:
    """A pipe, and what its other side reads from and writes to."""
    their_read, our_write = os.pipe()
    our_read, their_write = os.pipe()
    yield Pipe(our_read, our_write, time.monotonic), their_read, their_write
    for fd in (their_read, our_write, our_read, their_write):
        try:
            os.close(fd)
        except OSError:
            continue


def soon() -> float:
    """Return a deadline shortly from now."""
    return time.monotonic() + 0.2


def test_an_order_survives_the_pipe(brief: Brief) -> None:
    """What is ordered is what arrives, every float to its last bit."""
    order = Order(brief=brief.model_copy(update={"loudness": -16.1000000000000014}), folder="/bank")
    line = encode(order)
    assert line.count(b"\n") == 1
    assert parse_order(line) == order


@pytest.mark.parametrize("line", [b"", b"hello", b"{}", b'{"kind": "made"}', b'{"kind": "fine", "x": 1}', b"\xff\xfe"])
def test_what_is_no_message_is_refused(line: bytes) -> None:
    """Neither side takes anything for a message that is none."""
    with pytest.raises(ProtocolError):
        parse_reply(line)
    with pytest.raises(ProtocolError):
        parse_order(line)


def test_lines_come_one_by_one_however_they_are_cut(ends: tuple[Pipe, int, int]) -> None:
    """A line in pieces is put together, and two in one piece are kept apart."""
    pipe, _, theirs = ends
    first, second = encode(Failed(error="a", reason="b")), encode(Failed(error="c", reason="d"))
    os.write(theirs, first[:5])
    with pytest.raises(TimeoutError):
        pipe.receive(soon())
    os.write(theirs, first[5:] + second)
    assert pipe.receive(soon()) == first.rstrip()
    assert pipe.receive(soon()) == second.rstrip()


def test_a_reader_that_stopped_does_not_hold_up_the_writer(ends: tuple[Pipe, int, int]) -> None:
    """An order larger than the kernel's buffer to a stopped child ends at its deadline."""
    pipe, _, _ = ends
    with pytest.raises(TimeoutError):
        pipe.send(b"x" * 2**20, soon())


def test_the_other_side_gone_is_noticed(ends: tuple[Pipe, int, int]) -> None:
    """A closed pipe ends reading and writing at once."""
    pipe, their_read, their_write = ends
    os.close(their_write)
    os.close(their_read)
    with pytest.raises(EOFError):
        pipe.receive(time.monotonic() + 30)
    with pytest.raises(BrokenPipeError):
        pipe.send(b"x\n", time.monotonic() + 30)


def test_a_line_without_end_is_refused(ends: tuple[Pipe, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that floods its pipe does not fill the station's memory."""
    monkeypatch.setattr(protocol, "MAX_LINE", 1000)
    pipe, _, theirs = ends
    os.write(theirs, b"x" * 2000)
    with pytest.raises(ProtocolError, match="1000 bytes"):
        pipe.receive(soon())
