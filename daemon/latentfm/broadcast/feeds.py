"""A feed: the timeline encoded once for one format, for any number of subscribers.

Each subscriber has a bounded queue. One that does not keep up is dropped and holds nobody else up.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import structlog

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.broadcast.block import Block, Playing
from latentfm.broadcast.encoders import Format, find_format

BURST = 65_536  # bytes of the past that a new listener may have at once
QUEUE = 524_288  # bytes that may wait for a subscriber
INBOX = 15.0  # seconds of PCM that may wait for the encoder: more than the runway ever sends at once
_WAIT = 0.5  # seconds after which a waiting encoder looks whether it is to stop

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole encoded frames, and what is audible in them."""

    data: bytes
    playing: Playing


class Subscription:
    """One subscriber's queue.

    Attributes:
        dropped: whether the subscriber was too slow and gets nothing more.
    """

    def __init__(self, feed: Feed, queue: int, notify: Callable[[], None] | None) -> None:
        self.dropped = False
        self._feed = feed
        self._limit = queue
        self._notify = notify
        self._chunks: deque[Chunk] = deque()
        self._size = 0
        self._closed = False
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        """Return the subscription itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Unsubscribe."""
        self.close()

    @property
    def closed(self) -> bool:
        """Return whether nothing more will come."""
        return self._closed

    @property
    def waiting(self) -> int:
        """Return how many bytes wait."""
        return self._size

    def get(self, timeout: float) -> Chunk | None:
        """Return the next chunk, waiting up to ``timeout`` seconds; None if there is none by then."""
        with self._changed:
            if not self._chunks and not self._closed:
                self._changed.wait(timeout)
            return self._pop()

    def get_now(self) -> Chunk | None:
        """Return the next chunk if there is one."""
        with self._changed:
            return self._pop()

    def close(self) -> None:
        """Unsubscribe. May be called more than once."""
        self._feed._forget(self)  # noqa: SLF001 - the two are one thing in two classes
        self._end()

    def _pop(self) -> Chunk | None:
        if not self._chunks:
            return None
        chunk = self._chunks.popleft()
        self._size -= len(chunk.data)
        return chunk

    def _put(self, chunk: Chunk) -> bool:
        """Take a chunk; return False if the subscriber was dropped for it."""
        with self._changed:
            if self._closed:
                return not self.dropped
            if self._size + len(chunk.data) > self._limit:
                self.dropped = True
            else:
                self._chunks.append(chunk)
                self._size += len(chunk.data)
            self._changed.notify_all()
        if self.dropped:
            self._end()
        elif self._notify is not None:
            self._notify()
        return not self.dropped

    def _end(self) -> None:
        with self._changed:
            self._closed = True
            self._chunks.clear()
            self._size = 0
            self._changed.notify_all()
        if self._notify is not None:
            self._notify()


class Feed:
    """One encoder and its subscribers. A sink of the runway; ``run`` belongs to a supervised thread.

    Attributes:
        dropped_blocks: blocks that the encoder was too slow for.
        encoded: frames that it has encoded.
    """

    def __init__(self, format_name: str = "mp3", kbits: int = 192) -> None:
        """Encode to a format at ``kbits`` kbit/s; raise OutputError if there is no such format."""
        self.format: Format = find_format(format_name)
        self.kbits = kbits
        self.dropped_blocks = 0
        self.encoded = 0
        self._inbox: deque[Block] = deque()
        self._waiting = 0  # frames in the inbox
        self._arrived = threading.Condition()
        self._subscriptions: tuple[Subscription, ...] = ()
        self._ring: deque[Chunk] = deque()
        self._ring_size = 0
        self._lock = threading.Lock()  # over subscriptions and ring, so that a burst and what follows it join up

    @property
    def name(self) -> str:
        """Return the feed's name, as in ``mp3-192``."""
        return f"{self.format.name}-{self.kbits}"

    @property
    def drained(self) -> bool:
        """Return whether nothing waits for the encoder or for a subscriber."""
        return not self._inbox and not any(one.waiting for one in self._subscriptions)

    @property
    def subscribers(self) -> int:
        """Return how many subscribe."""
        return len(self._subscriptions)

    def offer(self, block: Block) -> None:
        """Take a block for encoding; the oldest goes if the encoder is far behind."""
        with self._arrived:
            self._inbox.append(block)
            self._waiting += len(block.pcm)
            while self._waiting > INBOX * SAMPLE_RATE:
                self._waiting -= len(self._inbox.popleft().pcm)
                self.dropped_blocks += 1
            self._arrived.notify()

    def subscribe(
        self, *, burst: int = 0, queue: int = QUEUE, notify: Callable[[], None] | None = None
    ) -> Subscription:
        """Return a subscription that begins with up to ``burst`` bytes of the past, at a frame.

        ``notify`` is called from the feed's thread whenever something happened, and must not block.
        """
        subscription = Subscription(self, max(queue, 2 * burst), notify)
        with self._lock:
            past: list[Chunk] = []
            for chunk in reversed(self._ring):
                burst -= len(chunk.data)
                if burst < 0:
                    break
                past.append(chunk)
            for chunk in reversed(past):
                subscription._put(chunk)  # noqa: SLF001 - the two are one thing in two classes
            self._subscriptions = (*self._subscriptions, subscription)
        return subscription

    def run(self, stop: threading.Event) -> None:
        """Encode and hand on until ``stop`` is set; then end every subscription."""
        encoder = self.format.make(self.kbits)
        while not stop.is_set():
            block = self._next_block()
            if block is not None:
                data = encoder.encode(block.pcm)
                self.encoded += len(block.pcm)
                if data:
                    self._hand_on(Chunk(data, block.playing))
        for subscription in self._subscriptions:
            subscription.close()

    def _next_block(self) -> Block | None:
        with self._arrived:
            if not self._inbox:
                self._arrived.wait(_WAIT)
            if not self._inbox:
                return None
            block = self._inbox.popleft()
            self._waiting -= len(block.pcm)
            return block

    def _hand_on(self, chunk: Chunk) -> None:
        with self._lock:
            self._ring.append(chunk)
            self._ring_size += len(chunk.data)
            while self._ring_size > BURST:
                self._ring_size -= len(self._ring.popleft().data)
            slow = [one for one in self._subscriptions if not one._put(chunk)]  # noqa: SLF001 - as above
            self._subscriptions = tuple(one for one in self._subscriptions if one not in slow)
        for _ in slow:
            log.info("subscriber_dropped", feed=self.name, reason="it did not keep up")

    def _forget(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions = tuple(one for one in self._subscriptions if one is not subscription)
