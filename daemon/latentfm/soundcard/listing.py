"""Which devices there are: asked of a child, since PortAudio may hang or crash over one of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence

from latentfm.errors import OutputError
from latentfm.ops.process import child_environment
from latentfm.soundcard.choice import choose
from latentfm.soundcard.link import CHILD
from latentfm.soundcard.protocol import Device, Failed, parse

_PATIENCE = 20.0  # seconds


def list_devices(command: Sequence[str] = CHILD) -> list[Device]:
    """Return the devices that can play, each tried for the rates that it accepts.

    Raises:
        OutputError: PortAudio is not there, or does not answer.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, or what a test names
            [*command, f"--parent={os.getpid()}", "--list"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
            env=child_environment(),
        )
    except subprocess.TimeoutExpired:
        raise OutputError(f"PortAudio did not list its devices within {_PATIENCE:.0f} s") from None
    messages = [parse(line) for line in done.stdout.splitlines()]
    for message in messages:
        if isinstance(message, Failed):
            raise OutputError(message.reason)
    if done.returncode != 0:
        raise OutputError(f"PortAudio could not list its devices: its process ended with status {done.returncode}")
    return [message for message in messages if isinstance(message, Device)]


def find_device(wanted: str) -> Device:
    """Return the device that a configuration means; raise OutputError if it is not there now."""
    return choose(wanted, list_devices())
