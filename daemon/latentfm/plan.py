"""What a running station goes by, and what of it may change while it runs: by reading the files anew, or on request."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pydantic import BaseModel

from latentfm.config import Config, find_playlist, load_config, load_playlist, load_playlists
from latentfm.errors import ConfigError, LatentFMError
from latentfm.hours import Hours, hours_of
from latentfm.playlist import Playlist
from latentfm.programme import Programme, programme_of, with_asked
from latentfm.sources import sources_of

CHANGEABLE: Final = ("programme", "hours", "station.seed", "station.loudness", "studio.takes_ahead")
"""The tables and keys that count from the next seam on; for the others the station is started anew."""


@dataclass(frozen=True)
class Plan:
    """A configuration and what follows from it; replaced as a whole, so that its parts always suit one another."""

    config: Config
    playlists: Mapping[str, Playlist]
    programme: Programme
    hours: Hours


def plan_of(config: Config, playlists: Mapping[str, Playlist]) -> Plan:
    """Return the plan of a configuration and the playlists that its programme names."""
    programme = programme_of(config.programme)
    return Plan(config, playlists, programme, hours_of(config.hours, config.programme.timezone))


def with_mood(plan: Plan, name: str | None, moment: float) -> Plan:
    """Return the plan with a playlist on from a moment until the programme's next change; None ends that.

    Raises:
        ConfigError: there is no such playlist, or it can't be used.
        ModelError, SoundFontError, MidiError: something that it names is not there.
    """
    playlists = dict(plan.playlists)
    if name is not None:
        playlists[name] = load_playlist(find_playlist(plan.config, name))
        sources_of(playlists[name])
    return replace(plan, playlists=playlists, programme=with_asked(plan.programme, name, moment))


def read_anew(plan: Plan, environ: Mapping[str, str], moment: float) -> tuple[Plan, tuple[str, ...]]:
    """Return the plan that its files say now, and the keys that have changed but count only after a restart.

    Raises:
        ConfigError: the files can't be used, or name something that is not there; a line for each fault.
    """
    read = load_config(plan.config.path, environ)
    playlists = load_playlists(read)
    faults = [fault for playlist in playlists.values() for fault in _missing(playlist)]
    if faults:
        raise ConfigError("\n".join(dict.fromkeys(faults)))
    kept = plan.config.model_copy(
        update={
            "programme": read.programme,
            "hours": read.hours,
            "bank": read.bank,
            "station": plan.config.station.model_copy(
                update={"seed": read.station.seed, "loudness": read.station.loudness}
            ),
            "studio": plan.config.studio.model_copy(update={"takes_ahead": read.studio.takes_ahead}),
        }
    )
    fresh = plan_of(kept, playlists)
    asked = plan.programme.asked
    if asked is not None and asked.since <= moment < asked.until:
        fresh = with_mood(fresh, asked.playlist, moment)
        if fresh.programme.asked is not None and asked.until < math.inf:  # it ends when it was to end
            fresh = replace(fresh, programme=replace(fresh.programme, asked=asked))
    return fresh, tuple(_changed(kept, read))


def _missing(playlist: Playlist) -> Iterator[str]:
    try:
        sources_of(playlist)
    except LatentFMError as error:
        yield f"playlist '{playlist.name}': {error}"


def _changed(old: BaseModel, new: BaseModel, prefix: str = "") -> Iterator[str]:
    """Yield the dotted keys in which two tables differ; a list counts as one key."""
    for key in type(old).model_fields:
        one, other = getattr(old, key), getattr(new, key)
        if isinstance(one, BaseModel) and isinstance(other, BaseModel):
            yield from _changed(one, other, f"{prefix}{key}.")
        elif one != other:
            yield f"{prefix}{key}"
