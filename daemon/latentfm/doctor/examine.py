"""Examining: each check in a process of its own, so that one that raises, hangs or crashes is one line and no more.

A library that this processor can't run (an instruction that it lacks), or a card that does not answer, takes its
process along. That is what a doctor is for.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from latentfm.doctor.finding import Finding

CHILD = (sys.executable, "-P", "-m", "latentfm.doctor.child")  # -P: what lies in the current folder is no module
LIMITS: Mapping[str, float] = {  # seconds that each check may take on a slow board
    "settings": 120.0,
    "state": 20.0,
    "disk": 60.0,
    "clock": 20.0,
    "weights": 120.0,
    "soundfonts": 120.0,
    "encoders": 60.0,
    "icecast": 60.0,
    "speed": 600.0,
}
QUICK = tuple(name for name in LIMITS if name != "speed")
_DYING = 2.0  # seconds
_LAST_WORDS = 300  # characters of what a child printed


def examine(
    config: Path | None,
    checks: Sequence[str] = tuple(LIMITS),
    *,
    command: Sequence[str] = CHILD,
    limits: Mapping[str, float] = LIMITS,
) -> Iterator[Finding]:
    """Yield what each check finds, as it ends; nothing is raised for what a check does.

    Args:
        config: the configuration's file, None for the one that the station would take.
        checks: names of ``LIMITS``.
        command: what starts a check; it gets the check's name, ``--parent`` and ``--config``.
        limits: seconds that each may take.
    """
    for name in checks:
        arguments = [name, "--parent", str(os.getpid()), *(["--config", str(config)] if config else [])]
        yield from _run(name, [*command, *arguments], limits[name])


def _run(name: str, command: Sequence[str], limit: float) -> Iterator[Finding]:
    """Run one check; yield what it said, and a failure of its own if it did not come to its end."""
    try:
        process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        yield Finding(check=name, state="failed", text=f"it could not be started: {error}")
        return
    try:
        output, words = process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        yield from _findings(_give_up(process))
        remedy = "a disk or a server does not answer; look at the kernel's messages: journalctl -k"
        yield Finding(check=name, state="failed", text=f"it gave no answer in {limit:.0f} s", remedy=remedy)
        return
    findings = list(_findings(output))
    yield from findings
    if process.returncode != 0 or not findings:
        said = words.decode(errors="replace").strip().splitlines()
        text = f"it broke off, {_ended(process.returncode)}" + (f": {said[-1][:_LAST_WORDS]}" if said else "")
        yield Finding(check=name, state="failed", text=text, remedy=_remedy(process.returncode))


def _give_up(process: subprocess.Popen[bytes]) -> bytes | None:
    """Kill a check and return what it printed; one that waits for a disk does not even die, and is left to itself."""
    process.kill()
    try:
        return process.communicate(timeout=_DYING)[0]
    except subprocess.TimeoutExpired as error:
        return error.stdout


def _findings(output: bytes | None) -> Iterator[Finding]:
    """Yield the findings among what a check printed; libraries print too."""
    for line in (output or b"").splitlines():
        try:
            yield Finding.model_validate_json(line)
        except ValidationError:
            continue


def _ended(status: int) -> str:
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"


def _remedy(status: int) -> str:
    if -status == signal.SIGILL:
        return "a library needs a processor that this one is not: install on a 64-bit board, or build the library here"
    if -status == signal.SIGKILL:
        return "memory ran out: see free -m, and journalctl -k"
    return "install the release anew: sudo make upgrade"
