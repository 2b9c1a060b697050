"""Work on other people's files in processes of their own, so that a bad one costs only itself.

Each process has a limit of memory and each job a limit of time. What hangs is killed, what dies is noticed, and a
new process takes over; the standard library's pools can do neither.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from typing import Any

from latentfm.errors import LatentFMError
from latentfm.ops.process import die_with_parent, limit_data

Work = Callable[[Any], Any]
_START_SECONDS = 120.0  # for a process to be there and to have loaded its libraries


@dataclass(frozen=True)
class Limits:
    """What one job may take: seconds, and MiB of the process that does it."""

    seconds: float = 30.0
    megabytes: int = 1024


@dataclass(frozen=True)
class Done:
    """What became of a job: its result, or in words why there is none."""

    result: Any = None
    fault: str | None = None


def run(work: Work, jobs: Sequence[Any], limits: Limits, processes: int | None = None) -> Iterator[Done]:
    """Do jobs in parallel; yield what became of each, in their order.

    Args:
        work: a function of a module, called with a job; what goes in and comes out is pickled.
        jobs: what to do.
        limits: for each of them.
        processes: how many at once; as many as there are processors without it.
    """
    count = max(1, min(processes or os.cpu_count() or 1, len(jobs)))
    crew = [_Worker(work, limits) for _ in range(count)]
    waiting: dict[int, Done] = {}
    due, given = 0, 0
    try:
        while due < len(jobs):
            for worker in crew:
                if worker.job is None and given < len(jobs):
                    worker.give(given, jobs[given])
                    given += 1
            for worker in crew:
                worker.kill_if_late()
            busy = [worker for worker in crew if worker.job is not None]
            ready = connection.wait([worker.answers for worker in busy], min(worker.left() for worker in busy))
            for worker in busy:
                if worker.answers in ready and (answer := worker.take()) is not None:
                    waiting[answer[0]] = answer[1]
            while due in waiting:
                yield waiting.pop(due)
                due += 1
    finally:
        for worker in crew:
            worker.stop()


@dataclass
class _Worker:
    """A process that works, and a new one in its place when it ends."""

    work: Work
    limits: Limits
    job: int | None = None
    _deadline: float = 0.0
    _late: bool = False
    answers: Any = field(init=False)
    _process: Any = field(init=False)

    def __post_init__(self) -> None:
        self._start()

    def _start(self) -> None:
        context = get_context("spawn")
        self.answers, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, self.work, self.limits.megabytes, os.getpid()), daemon=True
        )
        self._process.start()
        theirs.close()
        self._late = False

    def give(self, index: int, job: Any) -> None:
        self.job = index
        self._deadline = time.monotonic() + _START_SECONDS + self.limits.seconds
        with contextlib.suppress(OSError):  # it has ended, which its end of the pipe tells
            self.answers.send(job)

    def left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def kill_if_late(self) -> None:
        if self.job is not None and not self._late and self.left() <= 0 and not self.answers.poll():
            self._late = True
            self._process.kill()

    def take(self) -> tuple[int, Done] | None:
        """Return the answer that is there; where the process ended without one, say how and start another.

        That a job has begun is an answer too, from which on its time counts.
        """
        index = self.job or 0
        try:
            done: Done | None = self.answers.recv()
            if done is None:
                self._deadline = time.monotonic() + self.limits.seconds
                return None
            self.job = None
        except (EOFError, OSError):
            self.job = None
            self._process.join()
            fault = f"took more than {self.limits.seconds:g} s" if self._late else self._end()
            self.answers.close()
            self._start()
            return index, Done(fault=fault)
        if done.fault and done.fault.startswith("needs more"):  # what it holds may not be given back
            self.stop()
            self._start()
        return index, done

    def _end(self) -> str:
        code = self._process.exitcode or 0
        how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with status {code}"
        return f"its reader ended {how}"

    def stop(self) -> None:
        self._process.kill()
        self._process.join()
        self.answers.close()


def _serve(jobs: Any, work: Work, megabytes: int, parent: int) -> None:
    """Do jobs until there are no more; this is the child."""
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit_data(megabytes)
    warnings.simplefilter("ignore")  # of libraries, about other people's files
    while True:
        try:
            job = jobs.recv()
        except EOFError:
            return
        jobs.send(None)
        jobs.send(_done(work, job, megabytes))


def _done(work: Work, job: Any, megabytes: int) -> Done:
    try:
        return Done(work(job))
    except MemoryError:
        return Done(fault=f"needs more than {megabytes} MiB of memory")
    except RecursionError:
        return Done(fault="is nested too deep")
    except LatentFMError as error:
        return Done(fault=str(error))
    except Exception as error:  # noqa: BLE001 - whatever a library raises on a damaged file
        return Done(fault=f"{type(error).__name__}: {error}")
