"""A check that goes wrong as its name says."""

from __future__ import annotations

import os
import signal
import sys
import time

FINDING = '{"check": "%s", "state": "ok", "text": "so far"}'


def main(name: str) -> None:
    """Say one thing that is well, then go wrong."""
    sys.stdout.write(f"a library prints a line\n{FINDING % name}\n")
    sys.stdout.flush()
    if name == "hang":
        time.sleep(60)
    elif name == "crash":
        os.kill(os.getpid(), signal.SIGILL)
    elif name == "raise":
        raise RuntimeError("the card has a hole")


if __name__ == "__main__":
    main(sys.argv[1])
