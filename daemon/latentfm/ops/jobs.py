"""Jobs by the wall clock: APScheduler, and a watch over the clock it goes by.

APScheduler's interval jobs stop for as long as the wall clock was set back, which happens on boards without a clock
chip. So whoever runs a loop calls ``check_clock`` in it, and a jump of over two seconds reschedules every job.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

if TYPE_CHECKING:
    from latentfm.ops.clock import Clock

JUMP_SECONDS = 2.0

_log = structlog.get_logger()

When = Callable[[float], float | None]


class Jobs:
    """Named jobs; each runs in one worker thread, after another, and an exception costs one run only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._whens: dict[str, tuple[When, Callable[[], object]]] = {}
        self._stopping = False
        self._offset = clock.time() - clock.monotonic()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )

    def every(self, name: str, seconds: float, action: Callable[[], object]) -> None:
        """Run ``action`` each ``seconds``."""
        self.at(name, lambda now: now + seconds, action)

    def at(self, name: str, when: When, action: Callable[[], object]) -> None:
        """Run ``action`` whenever ``when`` says: it returns the next time after one, in seconds since 1970, or None."""
        self._whens[name] = (when, action)

    def start(self) -> None:
        """Schedule every job and begin."""
        for name in self._whens:
            self._schedule(name)
        self._scheduler.start()

    def check_clock(self) -> bool:
        """Reschedule every job if the wall clock has jumped since the last call; return whether it had."""
        offset = self._clock.time() - self._clock.monotonic()
        jump = offset - self._offset
        if abs(jump) <= JUMP_SECONDS:
            return False  # small steps add up in the offset until they are a jump
        self._offset = offset
        _log.warning("clock_jumped", seconds=round(jump, 1))
        for name in self._whens:
            self._schedule(name)
        return True

    def again(self, name: str) -> None:
        """Ask anew when a job is to run: what it goes by has changed."""
        self._schedule(name)

    def next_run(self, name: str) -> datetime | None:
        """Return when a job runs next."""
        job = self._scheduler.get_job(name)
        return getattr(job, "next_run_time", None)

    def stop(self) -> None:
        """Stop without waiting for a job that runs."""
        self._stopping = True
        if self._scheduler.running:
            self._scheduler.remove_all_jobs()  # one that came due just now would find no worker
            self._scheduler.shutdown(wait=False)

    def _schedule(self, name: str) -> None:
        if self._stopping:
            return
        when, _ = self._whens[name]
        now = self._clock.time()
        due = when(now)
        if due is None:
            if self._scheduler.get_job(name):
                self._scheduler.remove_job(name)
            return
        run_date = datetime.fromtimestamp(due, UTC)
        self._scheduler.add_job(self._run, "date", run_date=run_date, args=[name], id=name, replace_existing=True)

    def _run(self, name: str) -> None:
        try:
            self._whens[name][1]()
        except Exception:  # noqa: BLE001 - one run of one job
            _log.exception("job_failed", job=name)
        finally:
            self._schedule(name)
