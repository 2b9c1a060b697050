"""The last configuration that the station ran with, kept in its state folder for the day when the file is broken."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from latentfm.config import Config
from latentfm.errors import ConfigError
from latentfm.playlist import Playlist

FILE = "last-good.json"


class Programmed(BaseModel):
    """What the station runs with: the configuration and the playlists that its programme names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Path
    config: Config
    playlists: dict[str, Playlist]


def remember(config: Config, playlists: Mapping[str, Playlist]) -> None:
    """Write what the station runs with to its state folder. Raises OSError when that can't be done."""
    folder = config.station.state_dir
    folder.mkdir(parents=True, exist_ok=True)
    text = Programmed(path=config.path, config=config, playlists=dict(playlists)).model_dump_json()
    handle, name = tempfile.mkstemp(dir=folder, prefix=FILE, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(folder / FILE)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def recall(folder: Path) -> Programmed:
    """Return what was remembered in a state folder; raise ConfigError where that is nothing, or can't be used."""
    path = folder / FILE
    try:
        programmed = Programmed.model_validate_json(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: there is no last good configuration: {error.strerror}") from error
    except (ValidationError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: the last good configuration can't be used: it is damaged, or of another edition"
        ) from error
    return programmed.model_copy(update={"config": programmed.config.read_from(programmed.path)})
