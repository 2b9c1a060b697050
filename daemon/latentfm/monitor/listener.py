"""Listening, for as long as is asked for: a line a minute, one for each fault."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from latentfm.errors import MonitorError
from latentfm.monitor.decode import Mp3Decoder
from latentfm.monitor.judge import Fault, Judge, Limits
from latentfm.monitor.stream import TIMEOUT, check_url, open_stream, pieces
from latentfm.ops.clock import Clock, SystemClock

_MINUTE = 60.0  # seconds
_AGAIN = 5.0  # seconds between a lost connection and the next
_LATE = 5.0  # seconds by which audio may be late: more than players keep in store

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """How to listen: for how many seconds (None for ever), whether on after a fault, with which patience."""

    seconds: float | None = None
    keep_on: bool = False
    timeout: float = TIMEOUT


class _EndError(Exception):
    """Enough was heard."""


def listen(url: str, limits: Limits, wish: Wish, tell: Tell, clock: Clock | None = None) -> list[Fault]:
    """Listen to a stream and return the faults that were told.

    Args:
        url: the stream's address.
        limits: what is put up with.
        wish: how to listen.
        tell: gets a line for each minute and each fault.
        clock: the time.

    Raises:
        MonitorError: this is no address of a stream.
    """
    check_url(url)
    listener = _Listener(url, limits, wish, tell, clock or SystemClock())
    with contextlib.suppress(_EndError):
        while True:
            listener.listen_once()
    return listener.faults


class _Listener:
    def __init__(self, url: str, limits: Limits, wish: Wish, tell: Tell, clock: Clock) -> None:
        self._url, self._wish, self._tell, self._clock = url, wish, tell, clock
        self._judge = Judge(limits)
        self._began = self._line_at = clock.monotonic()
        self._lost = False
        self.faults: list[Fault] = []

    def listen_once(self) -> None:
        """Connect and listen until the connection ends, which is a fault; raise _EndError when enough was heard."""
        try:
            answer = open_stream(self._url, self._wish.timeout)
            connected, heard_before, decoder, late = self._clock.monotonic(), self._judge.heard, Mp3Decoder(), False
            with contextlib.closing(pieces(answer)) as coming:
                for data, titles in coming:
                    for title in titles:
                        self._judge.name(title)
                    pcm = decoder.push(data)
                    self._note(self._judge.hear(pcm))
                    now = self._clock.monotonic()
                    behind = now - connected - (self._judge.heard - heard_before)
                    if behind > _LATE and not late:
                        self._note([Fault("connection", f"audio is {behind:.1f} s late: players run dry")])
                    late = behind > _LATE
                    self._lost = self._lost and not len(pcm)
                    self._look_at_the_clock(now)
        except MonitorError as error:
            if not self._lost:
                self._note([Fault("connection", str(error))])
            self._lost = True
            self._look_at_the_clock(self._clock.monotonic())
            self._clock.sleep(_AGAIN)

    def _note(self, faults: list[Fault]) -> None:
        for fault in faults:
            self.faults.append(fault)
            self._tell(f"FAULT {fault.kind}: {fault.text}")
            if not self._wish.keep_on:
                raise _EndError

    def _look_at_the_clock(self, now: float) -> None:
        if now - self._line_at >= _MINUTE:
            self._line_at = now
            self._tell(self._line())
        if self._wish.seconds is not None and now - self._began >= self._wish.seconds:
            self._tell(self._line())
            raise _EndError

    def _line(self) -> str:
        if self._lost:
            return "no connection"
        judge = self._judge
        parts = [f"{judge.loudness:.1f} LUFS", f'"{judge.title}"' if judge.title is not None else "no title"]
        if judge.silence > 1.0:
            parts.append(f"silent for {judge.silence:.0f} s")
        return ", ".join([*parts, f"{judge.heard:.0f} s heard", f"{len(self.faults)} faults"])
