"""Logs: one line an event on stderr, for people on a terminal, as JSON anywhere else.

Everything goes through one handler, the loggers of libraries too. With ``spool`` a thread of its own does the
writing and lines are dropped, and counted, once it lags far behind: a terminal that is paused or a journal that
stalls never holds up whoever logs. There, floods of one event are dammed too (`flood`).
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import queue
import sys
import threading
from typing import TYPE_CHECKING, Any, TextIO

import structlog

from latentfm.ops.flood import Flood

if TYPE_CHECKING:
    from collections.abc import MutableMapping

SPOOL_LINES = 2_000
QUIET = ("apscheduler", "uvicorn.access", "matplotlib", "numba", "asyncio")  # say at warning level what they must
DROPPED = "log_lines_dropped"  # the one event that comes from beneath the loggers
LEVELS = ("debug", "info", "warning", "error")

_handler: logging.Handler | None = None


def configure(level: str = "info", *, stream: TextIO | None = None, spool: bool = False) -> None:
    """Send structlog's and the standard library's events to ``stream``, stderr by default.

    May be called again; the last call holds. ``level`` is one of ``LEVELS``.
    """
    global _handler  # noqa: PLW0603 - logging is one per process, in the standard library too
    stream = stream or sys.stderr
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, _name_library],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(stream)],
    )
    close()
    _handler = _SpoolHandler(stream) if spool else logging.StreamHandler(stream)
    _handler.setFormatter(formatter)
    if spool:
        _handler.addFilter(Flood())
    root = logging.getLogger()
    root.addHandler(_handler)
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True


def close(timeout: float = 1.0) -> None:
    """Wait up to ``timeout`` seconds until what was logged is written, then stop the writing thread."""
    global _handler
    handler, _handler = _handler, None
    if handler is not None:
        logging.getLogger().removeHandler(handler)
    if isinstance(handler, _SpoolHandler):
        handler.drain(timeout)


def _name_library(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say which library an event of the standard library's logging comes from."""
    record = event.get("_record")
    if record is not None:
        event["library"] = record.name
    return event


def _renderers(stream: TextIO) -> list[structlog.typing.Processor]:
    if stream.isatty():
        plain = structlog.dev.plain_traceback  # a traceback with local variables could show a secret
        return [structlog.dev.ConsoleRenderer(colors=True, exception_formatter=plain)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]


class _SpoolHandler(logging.Handler):
    """Hands finished lines to a thread that writes them; never waits."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lines: queue.Queue[str | None] = queue.Queue(SPOOL_LINES)
        self._dropped = 0
        self._thread = threading.Thread(target=self._write, name="logs", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put_nowait(self.format(record))
        except queue.Full:
            self._dropped += 1
        except Exception:  # noqa: BLE001 - the standard library's rule: a handler never raises
            self.handleError(record)

    def drain(self, timeout: float) -> None:
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=timeout)
            self._thread.join(timeout)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            dropped, self._dropped = self._dropped, 0
            if dropped:
                line += f'\n{{"event": "{DROPPED}", "level": "warning", "lines": {dropped}}}'
            with contextlib.suppress(OSError, ValueError):  # the terminal went away: the music goes on
                self._stream.write(line + "\n")
                self._stream.flush()


atexit.register(close)
