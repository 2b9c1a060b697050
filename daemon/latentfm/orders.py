"""The order for a section: a brief with all that its take depends on, as long as the programme has room for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from latentfm.brief import Brief, Carry
from latentfm.playlist import Playlist
from latentfm.sources import Sources

SHORTEST: Final = 45.0  # seconds; no section is asked to be shorter, however close a change is

_SEED_BITS: Final = 53  # every JSON reader keeps integers of this size whole
_AHEAD: Final = 3  # sections before a change whose lengths are planned
_BRIEFER, _LONGER = 0.75, 1.1  # how far a planned section may leave its playlist's range, as factors of its ends
_CLOSE, _LOOSE = 0.04, 0.1  # slack of the last section before a change, and of those before it, which it makes up for


def section_seed(station_seed: int, section: int) -> int:
    """Return the seed of the station's ``section``-th section: unrelated for neighbours, the same for ever."""
    digest = hashlib.sha256(f"{station_seed}/{section}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - _SEED_BITS)


def section_seconds(playlist: Playlist, room: float) -> tuple[float, float] | None:
    """Return the shortest and the longest that the next section should be, so that a seam falls on a change of mood.

    Args:
        playlist: the mood.
        room: seconds from the seam at which the section begins to the change.

    Returns:
        A range in seconds, or None where the change is so far away that any length the playlist allows will do.
    """
    crossfade = playlist.mix.crossfade_seconds
    shortest, longest = playlist.form.seconds
    least, most = max(SHORTEST, _BRIEFER * shortest), _LONGER * longest
    if room > _AHEAD * (most - crossfade):
        return None
    typical = (shortest + longest) / 2

    def ask(sections: int) -> float:
        return min(max(room / sections + crossfade, least), most)

    def miss(sections: int) -> tuple[float, float]:
        length = ask(sections)
        return round(abs(sections * (length - crossfade) - room)), abs(length - typical)

    sections = min(range(1, _AHEAD + 1), key=miss)
    length = ask(sections)
    slack = (_CLOSE if sections == 1 else _LOOSE) * length
    return round(max(length - slack, least), 1), round(min(length + slack, most), 1)


def next_brief(
    *,
    station_seed: int,
    section: int,
    playlist: Playlist,
    sources: Sources,
    seconds: tuple[float, float] | None = None,
    loudness: float = -16.0,
    carry: Carry | None = None,
    heard: Sequence[str] = (),
) -> Brief:
    """Return the order for the next section, with all that its take depends on.

    ``section`` counts the station's sections from 0. ``sources`` are what the playlist's takes are made from.
    ``seconds`` are the shortest and longest wanted, in place of the playlist's; ``heard`` are fingerprints of the last
    takes' audio. The carry's own count is brought in line with ``section``.
    """
    if carry is not None and carry.section != section:
        carry = carry.model_copy(update={"section": section})
    return Brief(
        seed=section_seed(station_seed, section),
        playlist=playlist,
        seconds=seconds,
        loudness=loudness,
        carry=carry,
        models=dict(sorted(sources.models.items())),
        sounds=dict(sorted(sources.sounds.items())),
        anchors=dict(sorted(sources.anchors.items())),
        heard=tuple(heard),
    )
