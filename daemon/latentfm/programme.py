"""What is on at a time, and the brief for the next section: pure functions of the programme and of values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import pairwise

from latentfm.brief import Brief, Carry
from latentfm.errors import ConfigError
from latentfm.playlist import Playlist

_CLOCK_TIME = re.compile(r"^([01]?\d|2[0-3]):([0-5]\d)$")
_SEED_BITS = 53  # every JSON reader keeps integers of this size whole


@dataclass(frozen=True)
class Entry:
    """From ``at`` on, every day, the named playlist is on."""

    at: time
    playlist: str


@dataclass(frozen=True)
class Programme:
    """A default playlist, and entries of the day that take over from it; with any entry the default never airs."""

    default: str
    entries: tuple[Entry, ...] = ()

    def playlists(self) -> tuple[str, ...]:
        """Return the names of all playlists that can be on, without repeats."""
        return tuple(dict.fromkeys([self.default, *(entry.playlist for entry in self.entries)]))


def parse_time(text: str) -> time:
    """Return the time of day of ``"HH:MM"``; raise ConfigError for anything else."""
    match = _CLOCK_TIME.match(text)
    if match is None:
        raise ConfigError(f"expected a time of day such as '06:30', got {text!r}")
    return time(int(match[1]), int(match[2]))


def programme_of(default: str, entries: Sequence[tuple[str, str]] = ()) -> Programme:
    """Return a programme from its configuration: each entry is a time ``"HH:MM"`` and a playlist's name.

    Raises ConfigError when a time can't be read or is there twice.
    """
    parsed = sorted((Entry(parse_time(at), name) for at, name in entries), key=lambda entry: entry.at)
    for earlier, later in pairwise(parsed):
        if earlier.at == later.at:
            raise ConfigError(f"the programme names two playlists at {later.at:%H:%M}")
    return Programme(default, tuple(parsed))


def playlist_at(programme: Programme, moment: datetime) -> str:
    """Return the name of the playlist that is on at a local time."""
    if not programme.entries:
        return programme.default
    begun = [entry for entry in programme.entries if entry.at <= moment.time()]
    return (begun or programme.entries)[-1].playlist  # before the day's first entry, yesterday's last goes on


def next_change(programme: Programme, moment: datetime) -> datetime | None:
    """Return the local time at which another entry begins, or None where nothing ever changes."""
    if len({entry.playlist for entry in programme.entries}) < 2:  # noqa: PLR2004 - one playlist is no change
        return None
    today = [datetime.combine(moment.date(), entry.at, moment.tzinfo) for entry in programme.entries]
    return min(at if at > moment else at + timedelta(days=1) for at in today)


def section_seed(station_seed: int, section: int) -> int:
    """Return the seed of the station's ``section``-th section: unrelated for neighbours, the same for ever."""
    digest = hashlib.sha256(f"{station_seed}/{section}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - _SEED_BITS)


def next_brief(
    *,
    station_seed: int,
    section: int,
    playlist: Playlist,
    loudness: float = -16.0,
    carry: Carry | None = None,
    models: Mapping[str, str] | None = None,
    sounds: Mapping[str, str] | None = None,
    anchors: Mapping[str, str] | None = None,
    heard: Sequence[str] = (),
) -> Brief:
    """Return the order for the next section, with all that its take depends on.

    ``section`` counts the station's sections from 0. ``models``, ``sounds`` and ``anchors`` map what the
    playlist names to sha256 checksums; ``heard`` are fingerprints of the last takes' audio. The carry's own count is
    brought in line with ``section``.
    """
    if carry is not None and carry.section != section:
        carry = carry.model_copy(update={"section": section})
    return Brief(
        seed=section_seed(station_seed, section),
        playlist=playlist,
        loudness=loudness,
        carry=carry,
        models=dict(sorted((models or {}).items())),
        sounds=dict(sorted((sounds or {}).items())),
        anchors=dict(sorted((anchors or {}).items())),
        heard=tuple(heard),
    )
