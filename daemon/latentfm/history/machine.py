"""What a sample's last bits depend on besides the history: the machine, and the libraries that made and mixed it."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import latentfm

MIXING = ("numpy", "pydub", "soundfile")
"""The libraries through which every sample on air goes."""


def here(libraries: Iterable[str] = MIXING) -> dict[str, Any]:
    """Return this machine's type, its processor, and the versions of some libraries."""
    return {
        "latentfm": latentfm.__version__,
        "machine": platform.machine(),
        "processor": _processor(),
        "libraries": {name: _version(name) for name in libraries},
    }


def differences(then: Mapping[str, Any]) -> list[str]:
    """Return what is not as it was, in words; ``then`` is as ``here`` returned it, or a take's provenance."""
    versions = {name: str(was) for name, was in then.get("libraries", {}).items()}
    now = here(versions)
    pairs = [(name, str(then[name]), str(now[name])) for name in ("latentfm", "machine", "processor") if name in then]
    pairs += [(name, was, now["libraries"][name]) for name, was in versions.items()]
    return [f"{name} was {was} and is {is_now}" for name, was, is_now in pairs if was != is_now]


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "missing"


def _processor() -> str:
    """Return the processor's name as Linux tells it: numpy chooses its routines by it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    named = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
    return next(named, platform.processor() or "unknown")
