"""The default studio: one child process, one brief in flight, replaced whenever it breaks.

Own code, because ``ProcessPoolExecutor`` cannot kill a hung worker and leaves orphans when its owner is killed.
"""

from __future__ import annotations

import queue
import sys
import threading
from concurrent.futures import Future
from random import Random
from typing import TYPE_CHECKING, Protocol

import structlog

from latentfm.errors import StudioError
from latentfm.ops.clock import Clock, SystemClock
from latentfm.studio.identity import take_id
from latentfm.studio.link import Link
from latentfm.studio.patience import Limits, Patience, respawn_wait
from latentfm.studio.protocol import Failed, Order, ProtocolError
from latentfm.studio.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from latentfm.brief import Brief
    from latentfm.errors import Rejection
    from latentfm.take import TakeInfo

_log = structlog.get_logger()

CHILD = (sys.executable, "-m", "latentfm.studio.child")
_RETIRE_SECONDS = 3.0


class Studio(Protocol):
    """What turns briefs into takes."""

    def submit(self, brief: Brief) -> Future[TakeInfo]:
        """Order a take; the future fails with StudioError. Raises StudioError once the studio is closed."""
        ...

    def close(self) -> None:
        """Stop at once, whatever is being made."""
        ...


class _TryFailedError(Exception):
    """One try of one brief came to nothing; ``broken`` says that the child can't be used any more."""

    def __init__(self, kind: str, reason: str, *, broken: bool, rejection: Rejection | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.broken = broken
        self.rejection = rejection


class ChildStudio:
    """A studio in a child process, published takes going to ``folder`` (the bank's).

    ``command`` starts the child; tests name their own. ``prepare`` is called before each start of one, when none runs:
    time to sweep away what a killed one left half-written. ``tally`` counts what became of the tries.
    """

    def __init__(
        self,
        folder: Path,
        *,
        limits: Limits | None = None,
        command: Sequence[str] = CHILD,
        clock: Clock | None = None,
        prepare: Callable[[], object] = lambda: None,
        tally: Tally | None = None,
    ) -> None:
        self._folder = folder
        self._limits = limits or Limits()
        self._command = command
        self._clock = clock or SystemClock()
        self._prepare = prepare
        self._tally = tally or Tally()
        self._patience = Patience(self._limits)
        self._random = Random()  # for jitter alone: what is composed never depends on it
        self._orders: queue.Queue[tuple[Brief, Future[TakeInfo]] | None] = queue.Queue()
        self._closing = threading.Event()
        self._lock = threading.Lock()  # guards the link against being replaced while close() kills it
        self._link: Link | None = None
        self._breaks = 0  # children in a row that broke
        self._episode: list[tuple[str, str]] = []  # failures since the last take, each its kind and reason
        # Children are started from this thread: the kernel ends them when it ends.
        self._thread = threading.Thread(target=self._work, name="studio", daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """Process id of the child that is there now, if any."""
        link = self._link
        return link.pid if link else None

    def submit(self, brief: Brief) -> Future[TakeInfo]:
        """Order a take; the future fails with StudioError. Raises StudioError once the studio is closed."""
        if self._closing.is_set():
            raise StudioError("the studio is closed")
        future: Future[TakeInfo] = Future()
        self._orders.put((brief, future))
        return future

    def close(self) -> None:
        """Kill the child, fail what is in flight and cancel what waits; takes well under two seconds."""
        self._closing.set()
        self._orders.put(None)
        with self._lock:
            if self._link:
                self._link.kill()
        self._thread.join(1.8)

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            brief, future = order
            if self._closing.is_set():
                future.cancel()
            elif future.set_running_or_notify_cancel():
                try:
                    future.set_result(self._make(brief))
                except StudioError as error:
                    future.set_exception(error)
                except Exception as error:  # noqa: BLE001 - ours, not the child's: on with the next brief
                    _log.exception("studio_fault", take=take_id(brief))
                    future.set_exception(StudioError(f"the studio's supervisor failed: {error}"))
        self._drop()

    def _make(self, brief: Brief) -> TakeInfo:
        """Try the brief, the brief again, then derived seeds; raise StudioError when none gave a take."""
        for number in range(self._limits.tries):
            if number > 1:
                brief = brief.model_copy(update={"attempt": brief.attempt + 1})
            try:
                return self._try(brief)
            except _TryFailedError as failure:
                if self._closing.is_set():
                    break
                self._note_failure(brief, failure, last=number + 1 == self._limits.tries)
                if failure.broken:
                    self._tally.child_broke()
                    self._drop()
                    self._breaks += 1
                reason = f"{failure.kind}: {failure.reason}"
        if self._closing.is_set():
            raise StudioError("the studio was closed")
        self._tally.gave_up()
        raise StudioError(f"no take of {brief.playlist.name} after {self._limits.tries} tries; the last one: {reason}")

    def _try(self, brief: Brief) -> TakeInfo:
        link = self._open_link()
        limit = self._patience.take_limit()
        began = self._clock.monotonic()
        try:
            reply = link.order(Order(brief=brief, folder=str(self._folder)), limit)
        except TimeoutError:
            self._patience.timed_out()
            raise _TryFailedError("hung", f"no answer in {limit:.0f} s", broken=True) from None
        except (EOFError, OSError, ProtocolError) as error:
            raise self._broke(link, error) from error
        if isinstance(reply, Failed):
            raise _TryFailedError(reply.error, reply.reason, broken=reply.broken, rejection=reply.rejection)
        if reply.take.id != take_id(brief):
            raise _TryFailedError("garbled", f"take {reply.take.id} is not the one ordered", broken=True)
        self._succeed(reply.take, self._clock.monotonic() - began, reply.cpu_seconds, reply.peak_mb)
        if link.takes >= self._limits.renew_after:
            self._drop(grace=_RETIRE_SECONDS)
        return reply.take

    def _open_link(self) -> Link:
        """Return the child, a new one if there is none; raise when it does not get ready."""
        if self._link:
            return self._link
        self._closing.wait(respawn_wait(self._limits, self._breaks, self._random))
        self._prepare()
        with self._lock:
            if self._closing.is_set():
                raise _TryFailedError("closed", "the studio was closed", broken=False)
            try:
                link = self._link = Link(self._command, self._limits, self._clock.monotonic)
            except OSError as error:  # no memory or no processes left: as passing as any other failure
                raise _TryFailedError("not_started", str(error), broken=True) from error
        limit = self._patience.hello_limit()
        try:
            link.await_hello(limit)
        except TimeoutError:
            self._patience.timed_out()
            raise _TryFailedError("hung", f"not ready in {limit:.0f} s", broken=True) from None
        except (EOFError, OSError, ProtocolError) as error:
            raise self._broke(link, error) from error
        _log.debug("studio_started", pid=link.pid)
        return link

    def _broke(self, link: Link, error: Exception) -> _TryFailedError:
        if isinstance(error, ProtocolError):
            return _TryFailedError("garbled", str(error), broken=True)
        ended = link.end(grace=0.5)
        words = link.last_words()
        return _TryFailedError("died", f"the child ended with {ended}" + (f": {words}" if words else ""), broken=True)

    def _drop(self, grace: float = 0.0) -> None:
        with self._lock:
            link, self._link = self._link, None
        if link:
            link.end(grace)

    def _note_failure(self, brief: Brief, failure: _TryFailedError, *, last: bool) -> None:
        """Count a failure; log it once in an episode, however often it comes: how often is told at the end."""
        if failure.rejection is None:
            self._tally.failed()
        else:
            self._tally.rejected(failure.rejection)
        kind_and_reason = (failure.kind, failure.reason)
        log = _log.debug if kind_and_reason in self._episode else _log.warning
        self._episode.append(kind_and_reason)
        then = "given up" if last else "tried again"
        log("brief_failed", take=take_id(brief), error=failure.kind, reason=failure.reason, then=then)

    def _succeed(self, take: TakeInfo, seconds: float, cpu_seconds: float, peak_mb: float) -> None:
        self._patience.made(seconds)
        self._tally.made(seconds)
        self._breaks = 0
        if self._episode:
            _log.info("studio_recovered", failures=len(self._episode))
            self._episode.clear()
        _log.info(
            "take_published",
            take=take.id,
            title=take.title,
            lufs=round(take.lufs, 2),
            seconds=round(seconds, 1),
            cpu_seconds=round(cpu_seconds, 1),
            studio_mb=round(peak_mb),
        )
