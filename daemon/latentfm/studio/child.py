"""The studio child: a fresh interpreter that makes takes, one order at a time, until its orders end.

It dies with its parent, ignores Ctrl-C, steps back behind the station, limits its own memory and answers with
plain values. What libraries print goes to stderr: the pipe of its answers is known to this module alone.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from latentfm.errors import GateError, LatentFMError
from latentfm.ops import logs
from latentfm.ops.process import (
    be_killed_first,
    die_with_parent,
    give_memory_back,
    limit_data,
    step_back,
    take_pipes,
)
from latentfm.studio.protocol import MAX_LINE, Failed, Hello, Made, Order, ProtocolError, encode, parse_order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from latentfm.brief import Brief
    from latentfm.take import TakeInfo

    Produce = Callable[[Brief, Path], TakeInfo]

_log = structlog.get_logger()

_LARGE = 1 << 20  # bytes; smaller arrays come and go so often that asking the system for each would cost time
_OOM_ADJUSTMENT = 500  # the station without a studio plays on for hours; the studio without a station is of no use


def main(argv: Sequence[str]) -> int:
    """Run the child with the real ``produce``; return its exit status."""

    def load() -> Produce:
        from latentfm.studio.produce import produce  # noqa: PLC0415 - after the limits are set: it loads the models

        return produce

    return serve(load, argv)


def serve(load: Callable[[], Produce], argv: Sequence[str]) -> int:
    """Set this process up, call ``load`` for what makes takes, and answer orders until there are no more."""
    parser = argparse.ArgumentParser(prog="latentfm.studio.child", description=__doc__)
    parser.add_argument("--parent", type=int, required=True, help="process id to die with")
    parser.add_argument("--nice", type=int, default=10, help="steps to give way by")
    parser.add_argument("--memory", type=int, default=0, help="limit of RLIMIT_DATA in MiB, 0 for none")
    options = parser.parse_args(argv)
    die_with_parent(options.parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    orders, replies = take_pipes()
    step_back(options.nice)
    be_killed_first(_OOM_ADJUSTMENT)
    limit_data(options.memory)
    give_memory_back(_LARGE)
    logs.configure("info")
    produce = load()
    with contextlib.suppress(BrokenPipeError):  # the station is gone, and so are we
        replies.write(encode(Hello(pid=os.getpid())))
        while line := orders.readline(MAX_LINE):
            reply = _answer(produce, line)
            replies.write(encode(reply))
            if isinstance(reply, Failed) and reply.broken:
                return 1
    return 0


def _answer(produce: Produce, line: bytes) -> Made | Failed:
    before = _cpu_seconds()
    try:
        order: Order = parse_order(line)
        take = produce(order.brief, Path(order.folder))
    except ProtocolError as error:
        return Failed(error=type(error).__name__, reason=str(error), broken=True)
    except LatentFMError as error:
        rejection = error.kind if isinstance(error, GateError) else None
        return Failed(error=type(error).__name__, reason=str(error), rejection=rejection)
    except Exception as error:  # noqa: BLE001 - told to the station, which replaces this process
        if not isinstance(error, MemoryError):
            _log.error("studio_exception", trace=traceback.format_exc(limit=-8))
        return Failed(error=type(error).__name__, reason=str(error), broken=True)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Made(take=take, cpu_seconds=_cpu_seconds() - before, peak_mb=peak_mb)


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
