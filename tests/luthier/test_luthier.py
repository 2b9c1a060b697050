"""The luthier: one instrument at a time, within a budget, whatever becomes of its process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from latentfm.luthier import Budget, Luthier
from latentfm.luthier.luthier import order
from latentfm.ops.clock import HandClock
from latentfm.ops.process import child_environment
from latentfm.render.soundfonts import verify
from latentfm.timbre.played import play
from latentfm.timbre.recipe import Recipe

FLUTE, CELLO, HARP = (Recipe(((name, 20),)) for name in ("flute", "cello", "orchestral harp"))
PATIENCE = 20.0  # seconds
ROOMY = Budget(cpu_share=1.0, max_mb=1.0, size=1000)


def script(text: str) -> Callable[[Recipe, Path, int, int], list[str]]:
    """Return an order of a process that runs a piece of Python, with the file that it is to make as its argument."""
    return lambda _recipe, out, _size, _parent: [sys.executable, "-c", text, str(out)]


WRITES = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_bytes(b'x' * 1000)"


class Bench:
    """A luthier under a clock of the test's, and what it is asked for."""

    def __init__(self, folder: Path, text: str, budget: Budget = ROOMY) -> None:
        folder.mkdir(exist_ok=True)
        self.asked = [FLUTE]
        self.clock = HandClock()
        self.budget = budget
        self.luthier = Luthier(
            folder,
            lambda: [recipe for recipe in self.asked if not (folder / f"{recipe.name}.sf2").exists()],
            lambda: self.asked,
            lambda: self.budget,
            self.clock,
            order=script(text),
        )

    def busy(self) -> bool:
        """Return whether something is being made."""
        return self.luthier.pid is not None

    def work(self, seconds: float = 20.0) -> None:
        """Tend, wait for what is being made, and tend again; the clock goes on."""
        self.luthier.tend()
        pid, until = self.luthier.pid, time.monotonic() + PATIENCE
        while pid is not None and Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z":
            assert time.monotonic() < until
            time.sleep(0.01)
        self.clock.sleep(seconds)
        self.luthier.tend()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Return a maker of benches, which are cleared afterwards."""
    made: list[Bench] = []

    def make(text: str = WRITES, **more: Budget) -> Bench:
        made.append(Bench(tmp_path / "timbres", text, **more))
        return made[-1]

    yield make
    for one in made:
        one.luthier.stop()


def names(events: Sequence[Mapping[str, object]]) -> list[object]:
    """Return the names of logged events."""
    return [event["event"] for event in events]


def test_what_is_wanted_is_made_once(bench: Callable[..., Bench]) -> None:
    """One after the other, in the order in which they are wanted; then it rests."""
    shop = bench()
    shop.asked = [CELLO, FLUTE]
    with capture_logs() as events:
        for _ in range(4):
            shop.work()
    assert names(events) == ["instrument_begun", "instrument_made"] * 2
    assert [event["name"] for event in events[::2]] == [CELLO.name, FLUTE.name]
    assert shop.luthier.pid is None


def test_a_failure_is_told_and_tried_again_in_an_hour(bench: Callable[..., Bench]) -> None:
    """What the process said last is the reason; meanwhile others are made."""
    shop = bench("import sys; print('noise'); sys.exit('it has no pitch')")
    with capture_logs() as events:
        shop.work()
        shop.work()
        shop.clock.sleep(3600)
        shop.work()
    assert names(events) == ["instrument_begun", "instrument_failed"] * 2
    assert events[1]["reason"] == "status 1: it has no pitch"
    assert not list(shop.luthier.folder.iterdir())


def test_a_process_that_is_killed_leaves_nothing(bench: Callable[..., Bench]) -> None:
    """What it had half written is swept away."""
    half = "import os, sys, pathlib; p = pathlib.Path(sys.argv[1]); "
    half += "p.with_name('.' + p.name + '.1').write_bytes(b'x'); os.kill(os.getpid(), 9)"
    shop = bench(half)
    with capture_logs() as events:
        shop.work()
    assert events[1]["reason"] == "signal 9"
    assert not list(shop.luthier.folder.iterdir())


def test_one_that_hangs_is_ended(bench: Callable[..., Bench]) -> None:
    """After an hour; and when the station stops, at once."""
    shop = bench("import time; time.sleep(600)")
    shop.luthier.tend()
    pid = shop.luthier.pid
    assert pid is not None
    with capture_logs() as events:
        shop.clock.sleep(3601)
        shop.luthier.tend()
    assert events[0]["reason"] == "took too long"
    assert not Path(f"/proc/{pid}").exists()
    shop.asked = [CELLO]
    shop.luthier.tend()
    pid = shop.luthier.pid
    assert pid is not None
    shop.luthier.stop()
    assert not Path(f"/proc/{pid}").exists()


def test_it_rests_as_its_share_says(bench: Callable[..., Bench]) -> None:
    """A tenth of a core: after work it pauses nine times as long as that took; a share of 0 makes nothing."""
    busy = WRITES + "; import time; [None for _ in iter(lambda: time.process_time() < 0.5, False)]"
    shop = bench(busy, budget=Budget(cpu_share=0.1, max_mb=1.0, size=1000))
    shop.asked = [FLUTE, CELLO]
    shop.work(seconds=1.0)
    assert not shop.busy()
    shop.clock.sleep(3.0)
    shop.luthier.tend()
    assert not shop.busy()
    shop.clock.sleep(20.0)
    shop.luthier.tend()
    assert shop.busy()
    shop.luthier.stop()
    shop.budget = Budget(cpu_share=0.0)
    shop.clock.sleep(10_000)
    shop.luthier.tend()
    assert not shop.busy()


def test_there_is_room_for_so_many(bench: Callable[..., Bench]) -> None:
    """What nobody asks for any more goes first; where all is asked for, nothing more is made, and that is told."""
    shop = bench(budget=Budget(cpu_share=1.0, max_mb=0.0025, size=1000))
    for recipe in (FLUTE, CELLO):
        shop.asked = [recipe]
        shop.work()
    shop.asked = [CELLO, HARP]
    with capture_logs() as events:
        shop.work()
    assert names(events) == ["instrument_removed", "instrument_begun", "instrument_made"]
    assert events[0]["name"] == FLUTE.name
    shop.asked = [CELLO, HARP, FLUTE]
    with capture_logs() as events:
        shop.work()
        shop.work()
    assert names(events) == ["instruments_full"]
    assert len(list(shop.luthier.folder.iterdir())) == 2


def test_the_process_itself_makes_an_instrument(tmp_path: Path) -> None:
    """It writes a SoundFont no larger than asked for, or says why it can't and leaves nothing."""
    out = tmp_path / "one.sf2"
    blend = Recipe((("flute", 10), ("violin", 10)))
    subprocess.run(order(blend, out, 1_000_000, os.getpid()), check=True, env=child_environment())
    verify(out)
    assert out.stat().st_size <= 1_000_000
    assert np.abs(play(out, blend.program, 60, 100, held=0.5, seconds=0.5)).max() > 0.01
    failed = subprocess.run(
        order(Recipe((("nowhere.wav", 20),)), tmp_path / "two.sf2", 700_000, os.getpid()),
        check=False,
        env=child_environment(),
        capture_output=True,
        text=True,
    )
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith("nowhere.wav is not there")
    assert [path.name for path in tmp_path.iterdir()] == ["one.sf2"]
