"""Starting the station: with the configuration, or as a service with the last good one when that is broken."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import structlog

from latentfm.config import ENV_PREFIX, Station, load_config, load_playlists
from latentfm.errors import ConfigError
from latentfm.lastgood import Programmed, recall
from latentfm.ops import logs

_log = structlog.get_logger()


def run(path: Path | None, environ: Mapping[str, str]) -> int:
    """Run the station until it is stopped; return its exit status.

    Raises:
        ConfigError: The configuration can't be used, and there is none that could take its place.
    """
    programmed = choose(path, environ)

    from latentfm import service  # noqa: PLC0415 - a broken configuration is told before anything heavy is read

    try:
        return service.run(programmed.config, programmed.playlists)
    finally:
        logs.close()


def choose(path: Path | None, environ: Mapping[str, str]) -> Programmed:
    """Return the configuration to run with, and its playlists.

    A person at a terminal is told what is broken. A service has nobody to tell, so it plays on with the last good
    copy, and says so in the log.
    """
    try:
        config = load_config(path, environ)
        return Programmed(path=config.path, config=config, playlists=load_playlists(config))
    except ConfigError as error:
        if not is_service(environ):
            raise
        try:
            good = recall(_state_dir(environ))
        except ConfigError as missing:
            raise ConfigError(f"{error}\n{missing}") from error
        _log.error("configuration_broken", faults=str(error).splitlines(), running_with="the last good one")
        return good


def is_service(environ: Mapping[str, str]) -> bool:
    """Say whether systemd started this process."""
    return "NOTIFY_SOCKET" in environ  # INVOCATION_ID would not do: terminals of a desktop have it too


def _state_dir(environ: Mapping[str, str]) -> Path:
    """Return the state folder without reading the file, which is what is broken."""
    named = environ.get(f"{ENV_PREFIX}_STATION__STATE_DIR")
    return Path(named).expanduser() if named else Station().state_dir
