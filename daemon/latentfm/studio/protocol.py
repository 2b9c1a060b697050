"""What the station and its studio child say to each other: one JSON object a line, over two pipes.

The station writes orders, the child answers each with one result; before the first it says hello. A line has a
length limit, and whatever is not a message of the kinds below is a ``ProtocolError``: the child is then replaced.
"""

from __future__ import annotations

import json
import os
import select
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from latentfm.brief import Brief
from latentfm.errors import Rejection, StudioError
from latentfm.take import TakeInfo

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_LINE = 8 * 2**20  # bytes; an order with forty remembered latent points has a quarter of one MiB


class ProtocolError(StudioError):
    """Something that is not a message came over the pipe."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Order(_Message):
    """Station to child: make a take of ``brief`` and publish it in ``folder``."""

    brief: Brief
    folder: str


class Hello(_Message):
    """Child to station: ready for orders."""

    kind: Literal["hello"] = "hello"
    pid: int


class Made(_Message):
    """Child to station: the take is published."""

    kind: Literal["made"] = "made"
    take: TakeInfo
    cpu_seconds: float
    peak_mb: float


class Failed(_Message):
    """Child to station: no take; ``error`` is the class of the error and ``reason`` its message.

    ``rejection`` says why the gate rejected it, if it was that.
    ``broken`` says that the child should be replaced: what went wrong is none of the errors it knows.
    """

    kind: Literal["failed"] = "failed"
    error: str
    reason: str
    broken: bool = False
    rejection: Rejection | None = None


Reply = Annotated[Hello | Made | Failed, Field(discriminator="kind")]
_REPLY: TypeAdapter[Hello | Made | Failed] = TypeAdapter(Reply)


def encode(message: BaseModel) -> bytes:
    """Return a message as one line."""
    return message.model_dump_json().encode() + b"\n"


def parse_reply(line: bytes) -> Hello | Made | Failed:
    """Return the message of a line from the child; raise ProtocolError if it is none."""
    try:
        return _REPLY.validate_json(line)
    except ValidationError as error:
        raise ProtocolError(f"the studio said something that is not a reply: {line[:80]!r}") from error


def parse_order(line: bytes) -> Order:
    """Return the message of a line from the station; raise ProtocolError if it is none."""
    try:
        return Order.model_validate(json.loads(line))
    except (ValidationError, ValueError) as error:
        raise ProtocolError("the station said something that is not an order") from error


class Pipe:
    """Two file descriptors, neither of which is ever waited for beyond a deadline.

    ``now`` is the clock that deadlines are on, in seconds. Both descriptors are made non-blocking.
    """

    def __init__(self, read_fd: int, write_fd: int, now: Callable[[], float]) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._now = now
        self._buffer = bytearray()
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)

    def send(self, line: bytes, deadline: float) -> None:
        """Write a line; raise TimeoutError past the deadline and OSError once the other side is gone."""
        rest = memoryview(line)
        while rest:
            self._wait(self._write_fd, select.POLLOUT, deadline)
            try:
                rest = rest[os.write(self._write_fd, rest) :]
            except BlockingIOError:
                continue

    def receive(self, deadline: float) -> bytes:
        """Return the next line; raise TimeoutError past the deadline and EOFError once the other side is gone."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > MAX_LINE:
                raise ProtocolError(f"a line of over {MAX_LINE} bytes came from the studio")
            self._wait(self._read_fd, select.POLLIN, deadline)
            try:
                data = os.read(self._read_fd, 65_536)
            except BlockingIOError:
                continue
            if not data:
                raise EOFError
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line

    def _wait(self, fd: int, event: int, deadline: float) -> None:
        left = deadline - self._now()
        if left <= 0:
            raise TimeoutError
        poll = select.poll()
        poll.register(fd, event)
        poll.poll(min(left, 1.0) * 1000)  # the loop around asks the clock again
