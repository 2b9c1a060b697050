"""Threads that are rebuilt."""

from __future__ import annotations

import threading
from collections.abc import Callable

from structlog.testing import capture_logs

from latentfm.broadcast.supervised import Supervised, started, stop_all


def test_a_part_that_raises_is_run_anew(eventually: Callable[..., None]) -> None:
    """An exception is logged once with its reason, and the part is rebuilt until it holds."""
    runs: list[int] = []
    holds = threading.Event()

    def run(stop: threading.Event) -> None:
        runs.append(1)
        if len(runs) < 3:
            raise ValueError("the card is gone")
        holds.set()
        stop.wait()

    with capture_logs() as logs:
        part = Supervised("part", run)
        part.start()
        assert holds.wait(5)
        assert part.stop()
    assert part.restarts == 2
    assert [(entry["event"], entry["reason"]) for entry in logs] == [("part_failed", "ValueError: the card is gone")]


def test_a_part_that_ends_by_itself_is_run_anew(eventually: Callable[..., None]) -> None:
    """A part has no business returning before it is told to; leaving by SystemExit counts as that too."""
    runs: list[int] = []

    def run(stop: threading.Event) -> None:
        runs.append(1)
        if len(runs) == 2:
            raise SystemExit(1)

    part = Supervised("part", run, longest_pause=0.1)
    part.start()
    eventually(lambda: len(runs) >= 4, 5, "the part was not run anew")
    assert part.stop()


def test_parts_that_should_run_are_known(eventually: Callable[..., None]) -> None:
    """A part is among them from its start until it is stopped, also while it is faulty or when its thread has ended."""
    sound, fallen = (Supervised(name, lambda stop: stop.wait() and None) for name in ("sound", "fallen"))
    fallen._thread = threading.Thread(target=lambda: None)  # which ends, as no part's thread should
    assert not {sound, fallen} & set(started())
    sound.start()
    fallen.start()
    eventually(lambda: not fallen.alive, 5, "it lives")
    assert {sound, fallen} <= set(started())
    assert sound.stop()
    assert fallen.stop()
    assert not {sound, fallen} & set(started())


def test_parts_stop_in_the_reverse_order() -> None:
    """What was started last is stopped first, and one that hangs is named and left."""
    order: list[str] = []
    hang = threading.Event()

    def run_named(name: str) -> Callable[[threading.Event], None]:
        def run(stop: threading.Event) -> None:
            stop.wait()
            order.append(name)

        return run

    def run_hanging(stop: threading.Event) -> None:
        hang.wait(30)

    parts = [Supervised("one", run_named("one")), Supervised("two", run_named("two")), Supervised("three", run_hanging)]
    for part in parts:
        part.start()
    assert stop_all(parts, timeout=0.2) == ["three"]
    assert order == ["two", "one"]
    hang.set()
    assert parts[2].stop()
