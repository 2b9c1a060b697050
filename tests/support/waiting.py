"""Waiting for what is bound to come."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest


def wait_until(condition: Callable[[], object], seconds: float, message: str = "it did not come") -> None:
    """Wait until a condition holds; fail with ``message`` if it does not within ``seconds``."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.05)
    pytest.fail(message)
