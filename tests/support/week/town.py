"""Where the station of the week stands: its configurations, the takes that ship, and moments in its zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from latentfm.bank import write_take
from plain_takes import describe
from week.workshop import LEVELS, MIDI

ZONE = ZoneInfo("Europe/Berlin")
MOODS = ("dawn", "day", "rain", "jig", "dusk", "waltz", "night", "chorale")

_DAY = {"05:30": "dawn", "09:00": "day", "17:30": "dusk", "21:30": "night"}
_BUSY = {f"{hour:02d}:00": MOODS[hour // 2 % 8] for hour in range(0, 24, 2)}
_BUSY |= {
    f"12:{minute:02d}": mood
    for minute, mood in zip((5, 9, 14, 18, 23), ("night", "dawn", "day", "dusk", "jig"), strict=True)
}
PROGRAMMES: tuple[dict[str, str], ...] = ({}, _DAY, {"02:30": "dawn", "03:15": "day", "14:00": "night"}, _BUSY)
"""When which mood comes on; where nothing does, it is always day. The third has changes while clocks are changed."""

_SPAN = '[[hours.open]]\nat = "{}"\nuntil = "{}"\n'
_QUIET = '[[hours.quiet]]\nat = "20:00"\nuntil = "08:00"\ngain = -12.0\n'
HOURS = (
    "",
    _QUIET,
    _SPAN.format("10:00", "18:00") + _SPAN.format("19:00", "01:00") + _QUIET,
    "".join(_SPAN.format(f"{hour:02d}:05", f"{hour:02d}:50") for hour in range(24)),
)
"""Always open; the same with quiet nights; by day; most of each hour."""


def write_config(path: Path, state: Path, programme: int, hours: int, seed: int) -> None:
    """Write a configuration with one of the programmes and one of the hours.

    With even seeds all history is kept, whatever the clock is set to; with odd ones it is pruned.
    """
    entries = "".join(
        f'[[programme.entries]]\nat = "{at}"\nplaylist = "{mood}"\n' for at, mood in PROGRAMMES[programme].items()
    )
    days = 2 if seed % 2 else 4000
    path.write_text(
        f'[station]\nstate_dir = "{state}"\nseed = {seed}\n[history]\nkeep_days = {days}\nmax_mb = 10\n'
        f"[timbres]\ncpu_share = 0\n"
        f'[programme]\nplaylist = "day"\ntimezone = "{ZONE.key}"\n{entries}{HOURS[hours]}',
        "utf-8",
    )


def write_shipped(root: Path) -> None:
    """Write two takes of each mood, as they ship."""
    for place, mood in enumerate(MOODS):
        for number in (0, 1):
            info = describe(f"{mood}-{number}", mood, 60 + 15 * number, 0)
            level = LEVELS[(place + number) % len(LEVELS)]
            write_take(root, info, np.full((info.frames, 2), level, dtype=np.float32), MIDI)


def change_of_clocks(after: float, month: int) -> float:
    """Return the moment after another one at which clocks are changed in March or October: a Sunday, 01:00 UTC."""
    year = datetime.fromtimestamp(after, UTC).year
    for candidate in (year, year + 1):
        last = datetime(candidate, month, 31, 1, tzinfo=UTC)
        last -= timedelta(days=(last.weekday() + 1) % 7)
        if last.timestamp() > after:
            return last.timestamp()
    raise AssertionError("one of two years has it")


def moment(text: str) -> float:
    """Return a moment in the station's zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()
