"""All parts together, in their threads."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from latentfm.audio.pcm import Pcm
from latentfm.bank import Bank
from latentfm.broadcast import Beds, Broadcast, Feed, Library
from latentfm.programme import Slot


def test_it_goes_on_air_at_once_and_leaves_nothing_behind(
    bank: Bank, publish: Callable[..., Pcm], eventually: Callable[..., None]
) -> None:
    """The first take is on air from the first block and counts as aired; after ``stop`` every thread is gone."""
    publish("one", 30)
    before = set(threading.enumerate())
    feed = Feed()
    broadcast = Broadcast(Library(bank, lambda _: Slot("day")), Beds("Interlude", lambda: "day"), [feed])
    broadcast.start()
    with feed.subscribe(burst=65_536) as subscription:
        chunk = subscription.get(5)
    assert chunk is not None
    assert chunk.playing.title == "One"
    eventually(lambda: broadcast.monitor.pulse.ready, 5, "the monitor hears nothing")
    assert "one" in broadcast.director.committed
    eventually(lambda: "one" in bank.aired, 5, "the airing was not remembered")
    assert 0 < broadcast.runway.ahead < 3
    broadcast.stop()
    eventually(lambda: set(threading.enumerate()) <= before, 5, f"left: {set(threading.enumerate()) - before}")


def test_a_director_that_fails_is_rebuilt(
    bank: Bank, publish: Callable[..., Pcm], eventually: Callable[..., None]
) -> None:
    """A fault in choosing costs nothing that is heard: the director is run anew, and takes come again."""
    feed = Feed()
    library: Any = Library(bank, lambda _: Slot("day"))
    faults = iter([OSError("no such disk")] * 2)
    search = library.candidates

    def failing(*args: Any, **settings: Any) -> Any:
        for fault in faults:
            raise fault
        return search(*args, **settings)

    library.candidates = failing
    broadcast = Broadcast(library, Beds("Interlude", lambda: "day"), [feed])
    publish("one", 20)
    broadcast.timeline.next_block()  # the bed is on air, so it is asked at once
    for part in broadcast._parts:
        part.start()
    eventually(lambda: broadcast.timeline.playing.title == "One", 15, "the director did not come back")
    assert {part.name: part.restarts for part in broadcast._parts}["director"] >= 1
    broadcast.stop()


def test_the_streaming_process_stays_small() -> None:
    """None of its rooms loads what belongs to the studio: no LiteRT, note-seq, SciPy or plotting."""
    code = (
        "import sys, latentfm.bank, latentfm.broadcast, latentfm.web\n"
        "heavy = {'scipy', 'note_seq', 'ai_edge_litert', 'pandas', 'matplotlib', 'librosa', 'pyloudnorm'}\n"
        "print(sorted(heavy & {name.split('.')[0] for name in sys.modules}))"
    )
    path = [entry for entry in sys.path if entry]
    told = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}\n{code}"],
        capture_output=True,
        check=True,
        text=True,
    )
    assert told.stdout == "[]\n"
