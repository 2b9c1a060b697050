"""What outputs share that connect to something and connect again for ever, each change logged once."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import structlog

from latentfm.broadcast.outputs import State
from latentfm.errors import OutputError

_FIRST_WAIT = 1.0  # seconds after the first failure; the waits grow from there
_SOUND_AFTER = 20.0  # seconds of being connected after which the waits begin anew

log = structlog.get_logger()


class RefusedError(OutputError):
    """The other side understood and said no: somebody has to change a setting."""


class Connection:
    """Keeps something connected, with waits that grow, are capped and jittered.

    Attributes:
        state: how it is; ``refused`` and ``waiting`` are both tried again.
        reason: why it is not connected, else None.
        connects: how often it connected.
    """

    def __init__(self, output: str, longest_wait: float) -> None:
        """Connect for the output of a name; wait ``longest_wait`` seconds at most between two attempts."""
        self.state: State = "starting"
        self.reason: str | None = None
        self.connects = 0
        self._output = output
        self._longest_wait = longest_wait
        self._lost_at: float | None = None
        self._told: set[str] = set()  # reasons logged since it was connected
        self._random = random.Random()

    def keep(self, attempt: Callable[[threading.Event], None], stop: threading.Event) -> None:
        """Call ``attempt`` until ``stop`` is set, and again whenever it raises OutputError or OSError.

        It calls ``made`` once it is connected, and returns when ``stop`` is set.
        """
        wait = _FIRST_WAIT
        while not stop.is_set():
            began = time.monotonic()
            try:
                attempt(stop)
            except (OutputError, OSError) as error:
                self._lost(error)
                if time.monotonic() - began > _SOUND_AFTER:
                    wait = _FIRST_WAIT
                stop.wait(min(wait, self._longest_wait) * self._random.uniform(0.5, 1.0))
                wait = min(wait * 2, self._longest_wait)

    def made(self, **details: object) -> None:
        """Note that it is connected; ``details`` of it go into the log."""
        self.connects += 1
        self.state, self.reason = "connected", None
        self._told.clear()
        if self._lost_at is None:
            log.info("output_connected", output=self._output, **details)
        else:
            seconds = round(time.monotonic() - self._lost_at, 1)
            log.info("output_reconnected", output=self._output, seconds=seconds, **details)
        self._lost_at = None

    def _lost(self, error: OutputError | OSError) -> None:
        refused = isinstance(error, RefusedError)
        reason = str(error) or type(error).__name__
        again = self._lost_at is not None
        if not again:
            self._lost_at = time.monotonic()
        if reason not in self._told:
            self._told.add(reason)
            if refused:
                log.warning("output_refused", output=self._output, reason=reason)
            else:
                write = log.info if again else log.warning
                write("output_lost", output=self._output, reason=reason)
        self.state, self.reason = "refused" if refused else "waiting", reason
