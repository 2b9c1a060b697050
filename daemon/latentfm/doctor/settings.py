"""The configuration and all that it names, as ``latentfm check`` looks at them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from latentfm.check import check
from latentfm.doctor.finding import Finding

_NAME = "settings"


def look_at_settings(path: Path | None) -> Iterator[Finding]:
    """Yield the faults and warnings of a configuration."""
    report = check(path, os.environ)
    for fault in report.faults:
        remedy = "correct it; until then the service plays with the last settings that were right"
        yield Finding(check=_NAME, state="failed", text=fault, remedy=remedy)
    for warning in report.warnings:
        yield Finding(check=_NAME, state="warning", text=warning)
    if not report.faults:
        yield Finding(check=_NAME, state="ok", text=f"{report.path}; playlists: {', '.join(report.playlists)}")
