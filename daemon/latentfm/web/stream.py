"""The endless response: a feed, sent to one listener for as long as they stay."""

from __future__ import annotations

import asyncio
import contextlib
import time

from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from latentfm.broadcast.feeds import BURST, Feed
from latentfm.web.icy import INTERVAL, Interleaver


class Seats:
    """How many listeners there may be, and are. Belongs to one event loop."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self.last_write: float | None = None  # when a listener last took something, in seconds since 1970
        self.closing = False
        self.waiting: set[asyncio.Event] = set()

    def close(self) -> None:
        """End every stream, for the server is about to stop."""
        self.closing = True
        for wake in self.waiting:
            wake.set()


class LiveStream(Response):
    """A feed as a response without end.

    A new listener gets a burst of the past, so that a player starts at once. One that reads too slowly is dropped
    by the feed, one that reads nothing at all is disconnected by the kernel (see ``server.listen``).
    """

    def __init__(self, feed: Feed, seats: Seats, *, name: str, icy: bool) -> None:
        """Stream ``feed`` if a seat is free; with ``icy`` titles are put between the audio."""
        headers = {
            "Content-Type": feed.format.content_type,
            "Cache-Control": "no-cache, no-store",
            "X-Content-Type-Options": "nosniff",
            "icy-name": name.encode("latin-1", "replace").decode("latin-1"),
            "icy-genre": "generative",
            "icy-pub": "0",
            "icy-br": str(feed.kbits),
        }
        if icy:
            headers["icy-metaint"] = str(INTERVAL)
        super().__init__(headers=headers)
        del self.headers["content-length"]
        self._feed = feed
        self._seats = seats
        self._interleaver = Interleaver() if icy else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the feed until the listener leaves, is too slow, or the feed ends."""
        head = scope["method"] == "HEAD"
        if not head and self._seats.taken >= self._seats.limit:
            full = PlainTextResponse("Every seat is taken. Please try again later.\n", 503, {"Retry-After": "60"})
            await full(scope, receive, send)
            return
        self._seats.taken += not head
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if not head:
                await self._stream(receive, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._seats.taken -= not head

    async def _stream(self, receive: Receive, send: Send) -> None:
        loop, wake = asyncio.get_running_loop(), asyncio.Event()

        def notify() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is gone, and the listener with it
                loop.call_soon_threadsafe(wake.set)

        self._seats.waiting.add(wake)
        with self._feed.subscribe(burst=BURST, notify=notify) as subscription:
            left = asyncio.create_task(_until_left(receive, wake))
            try:
                while not (left.done() or self._seats.closing):
                    wake.clear()
                    while not left.done() and (chunk := subscription.get_now()) is not None:
                        data = chunk.data
                        if self._interleaver is not None:
                            data = self._interleaver.push(data, chunk.playing.title)
                        await send({"type": "http.response.body", "body": data, "more_body": True})
                        self._seats.last_write = time.time()
                        await asyncio.sleep(0)  # ``send`` may not wait: else a whole burst goes to one who has left
                    if subscription.closed:
                        break
                    await wake.wait()
            finally:
                left.cancel()
                self._seats.waiting.discard(wake)


async def _until_left(receive: Receive, wake: asyncio.Event) -> None:
    """Return once the client has disconnected, and wake whoever sends."""
    while (await receive())["type"] != "http.disconnect":
        pass
    wake.set()
