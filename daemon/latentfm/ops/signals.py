"""Signals are recorded here and acted upon by the main loop; the second one to stop forces it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from types import FrameType

STOPPING = (signal.SIGTERM, signal.SIGINT)
_SAME = 0.5  # seconds in which a second signal is the first one's echo: timeout(1) signals a process and its group


class Signals:
    """SIGTERM and SIGINT ask to stop, SIGHUP to read the configuration anew, SIGUSR1 for every thread's stack.

    Made in the main thread.

    The handlers only set attributes: a lock taken there could be one that the interrupted code holds.
    """

    def __init__(self) -> None:
        self.stop: signal.Signals | None = None
        self._asked = 0.0
        self._dump = False
        self._reload = False
        self._before = {number: signal.signal(number, self._on_stop) for number in STOPPING}
        self._before[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, self._on_dump)
        self._before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._on_reload)

    def take_dump_request(self) -> bool:
        """Return whether stacks have been asked for since the last call."""
        asked, self._dump = self._dump, False
        return asked

    def take_reload_request(self) -> bool:
        """Return whether the configuration is to be read anew, if that was asked since the last call."""
        asked, self._reload = self._reload, False
        return asked

    def restore(self) -> None:
        """Put back the handlers that were there before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_stop(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.stop is None:
            self.stop, self._asked = signal.Signals(number), now
        elif now - self._asked > _SAME:
            os._exit(128 + number)  # asked twice: the kernel ends the studio with us

    def _on_dump(self, _number: int, _frame: FrameType | None) -> None:
        self._dump = True

    def _on_reload(self, _number: int, _frame: FrameType | None) -> None:
        self._reload = True


def stacks() -> dict[str, str]:
    """Return the stack of each thread under the thread's name."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    return {
        f"{names.get(ident, 'unknown')}-{ident}": "".join(traceback.format_stack(frame)).rstrip()
        for ident, frame in sys._current_frames().items()  # noqa: SLF001 - there is no other way
    }
