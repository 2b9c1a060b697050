"""Signals are recorded; a second one forces."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from latentfm.ops.signals import Signals, stacks

WAITING = """
import sys, time
from latentfm.ops.signals import Signals
signals = Signals()
print("up", flush=True)
while not signals.stop:
    time.sleep(0.05)
print("stopping on", signals.stop.name, flush=True)
time.sleep(600 if sys.argv[1] == "slowly" else 0)
print("done", flush=True)
"""


def start(how: str) -> subprocess.Popen[str]:
    """Start a process that records signals and then stops, slowly or at once."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    process = subprocess.Popen([sys.executable, "-c", WAITING, how], stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_is_recorded(number: signal.Signals) -> None:
    """The process goes on to stop in its own way."""
    with start("at once") as process:
        process.send_signal(number)
        out, _ = process.communicate(timeout=20)
    assert out == f"stopping on {number.name}\ndone\n"
    assert process.returncode == 0


def test_the_second_signal_forces() -> None:
    """A stop that takes too long is cut short by asking again; an echo right after the first is no second one."""
    with start("slowly") as process:
        assert process.stdout
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stopping on SIGINT\n"
        process.send_signal(signal.SIGINT)  # an echo
        time.sleep(0.7)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 128 + signal.SIGINT


def test_a_reload_is_asked_for_once_for_each_request() -> None:
    """SIGHUP is noted for the main loop and ends nothing."""
    before = signal.getsignal(signal.SIGHUP)
    signals = Signals()
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        assert signals.take_reload_request()
        assert not signals.take_reload_request()
        assert signals.stop is None
    finally:
        signals.restore()
    assert signal.getsignal(signal.SIGHUP) == before


def test_stacks_are_dumped_once_for_each_request() -> None:
    """SIGUSR1 is noted for the main loop, and every thread's stack can be had by the thread's name."""
    before = signal.getsignal(signal.SIGUSR1)
    signals = Signals()
    waiting = threading.Event()
    thread = threading.Thread(target=waiting.wait, name="a-thread-that-waits")
    thread.start()
    try:
        os.kill(os.getpid(), signal.SIGUSR1)
        assert signals.take_dump_request()
        assert not signals.take_dump_request()
        (stack,) = [text for name, text in stacks().items() if name.startswith("a-thread-that-waits")]
        assert "wait" in stack
    finally:
        waiting.set()
        thread.join()
        signals.restore()
    assert signal.getsignal(signal.SIGUSR1) == before
