"""The station in one line, for ``systemctl status``."""

from __future__ import annotations

from latentfm.web import Status

_MINUTE = 60.0
_LONGEST = 200  # characters of a title: a line is a line


def status_line(status: Status) -> str:
    """Say what is heard, how long it could go on, and which outputs do not get it."""
    playing = status.pulse.playing
    if playing is None:
        parts = ["nothing on air yet"]
    else:
        parts = [f'"{playing.title[:_LONGEST]}" ({playing.playlist}, {playing.origin})']
        if not status.pulse.ready:
            parts.insert(0, "SILENT")
    parts.append(f"runway {_minutes(status.playable)}, {_minutes(status.fresh)} of it fresh")
    faulty = [output for output in status.outputs if output.state != "connected"]
    parts += [f"{output.name} {output.state}" + (f": {output.reason}" if output.reason else "") for output in faulty]
    return "; ".join(parts)


def _minutes(seconds: float) -> str:
    return f"{seconds / _MINUTE:.0f} min" if seconds >= _MINUTE else f"{seconds:.0f} s"
