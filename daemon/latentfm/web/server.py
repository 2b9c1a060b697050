"""The built-in output: a small web server in a thread of its own."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Sequence

import structlog
import uvicorn
from starlette.routing import Route

from latentfm.broadcast.feeds import Feed
from latentfm.broadcast.outputs import OutputStatus, State
from latentfm.broadcast.supervised import Supervised
from latentfm.errors import OutputError
from latentfm.web.app import make_app
from latentfm.web.status import Status
from latentfm.web.stream import Seats

STALL = 15.0  # seconds after which a client that takes nothing is disconnected
MAX_LISTENERS = 100
_SEND_BUFFER = 131_072  # bytes that the kernel holds for a client: five seconds of sound
_BACKLOG = 128
_GRACE = 1  # seconds that open responses get when the server stops

log = structlog.get_logger()


def listen(host: str, port: int, *, stall: float = STALL) -> socket.socket:
    """Return a listening socket; raise OutputError if the address is in use or can't be had.

    The kernel closes a connection whose client has taken nothing for ``stall`` seconds.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(stall * 1000))
        sock.bind((host, port))
        sock.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        sock.close()
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise OutputError(
                f"port {port} on {host} is in use: stop what uses it, or set another `web.port`"
            ) from None
        raise OutputError(f"can't listen on {host}, port {port}: {error}") from error
    return sock


class WebOutput:
    """Serves an application on one port. A port that is in use costs this output only, and is tried again."""

    def __init__(
        self,
        feed: Feed,
        status: Callable[[], Status],
        *,
        host: str = "127.0.0.1",
        port: int = 8010,
        name: str = "Latent FM",
        max_listeners: int = MAX_LISTENERS,
        stall: float = STALL,
        more: Sequence[Route] = (),
    ) -> None:
        """Serve the page, the stream and the status.

        Args:
            feed: what listeners hear.
            status: returns the state of the station; called in a thread.
            host: the address to listen on; loopback only, unless told otherwise.
            port: the port; 0 takes any that is free.
            name: the station's name, for the page.
            max_listeners: how many may listen at once.
            stall: seconds after which a client that takes nothing is disconnected.
            more: routes besides the page's own.
        """
        self.name = f"web {host}:{port}"
        self._seats = Seats(max_listeners)
        self._app = make_app(feed, status, self._seats, name=name, more=more)
        self._host, self._port, self._stall = host, port, stall
        self._state: State = "starting"
        self._reason: str | None = None
        self._bound: int | None = None
        self._connects = 0
        self._part = Supervised(self.name, self._run, longest_pause=10.0)

    @property
    def port(self) -> int | None:
        """Return the port it is bound to, None while it is not."""
        return self._bound

    @property
    def status(self) -> OutputStatus:
        """Return how it is now; it counts as connected while it is bound."""
        return OutputStatus(
            self.name,
            "web",
            self._state,
            self._reason,
            listeners=self._seats.taken,
            connects=self._connects,
            last_write=self._seats.last_write,
        )

    def start(self) -> None:
        """Start serving."""
        self._part.start()

    def stop(self, timeout: float = 3.0) -> None:
        """Close every connection and stop."""
        self._part.stop(timeout)
        self._state = "stopped"

    def _run(self, stop: threading.Event) -> None:
        try:
            sock = listen(self._host, self._port, stall=self._stall)
        except OutputError as error:
            self._state, self._reason = "waiting", str(error)
            raise
        try:
            self._bound = sock.getsockname()[1]
            self._state, self._reason = "connected", None
            self._connects += 1
            log.info("web_listening", host=self._host, port=self._bound)
            config = uvicorn.Config(
                self._app,
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=_GRACE,
            )
            self._seats.closing = False
            _Server(config, stop, self._seats).run(sockets=[sock])
        finally:
            self._bound = None
            self._state, self._reason = "waiting", "it is being restarted"
            sock.close()


class _Server(uvicorn.Server):
    """A server that leaves when an event is set; signals stay the station's."""

    def __init__(self, config: uvicorn.Config, stop: threading.Event, seats: Seats) -> None:
        super().__init__(config)
        self._stop = stop
        self._seats = seats

    async def on_tick(self, counter: int) -> bool:
        """Return whether to leave; called ten times a second."""
        if self._stop.is_set():
            self._seats.close()
            return True
        return await super().on_tick(counter)
