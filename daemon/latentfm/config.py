"""The configuration: what may stand in ``config.toml``, where it is looked for, and the playlists beside it.

The order is: the file, then variables ``LATENTFM_SECTION__KEY`` of the environment. Errors name file, key, value and
what was expected, all at once. Whether models, SoundFonts and passwords are there is ``check``'s business.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import (
    Field,
    PrivateAttr,
    ValidationError,
)

from latentfm.errors import ConfigError
from latentfm.music import programs
from latentfm.outputs_config import Output
from latentfm.playlist import Playlist, Voice
from latentfm.table import FilePath, Table
from latentfm.timetable import HoursConfig, ProgrammeConfig
from latentfm.tomlfile import override, read_toml, suggest, validate

ENV_PREFIX = "LATENTFM"
_PACKAGE = Path(__file__).parent
_CHECKOUT = _PACKAGE.parents[1]


class Station(Table):
    """Who is on air, and what it keeps where."""

    name: Annotated[str, Field(min_length=1, max_length=100)] = "Latent FM"
    seed: Annotated[int, Field(ge=0, lt=2**53)] = 1
    state_dir: FilePath = Field(default_factory=lambda: platformdirs.user_state_path("latentfm"))
    loudness: Annotated[float, Field(ge=-40, le=-6)] = -16.0  # LUFS


class Web(Table):
    """The page and the built-in stream; no table but this one opens a port."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8010  # 0 takes any free one
    max_listeners: Annotated[int, Field(ge=1, le=10_000)] = 50
    control_token_file: FilePath | None = None  # read-only without one


class StudioConfig(Table):
    """Limits of the child process that composes and renders, and how many takes it keeps ready."""

    memory_limit_mb: Annotated[int, Field(ge=0)] = 1500  # 0 sets none
    takes_per_child: Annotated[int, Field(ge=1)] = 25
    first_take_seconds: Annotated[float, Field(ge=10)] = 600.0
    takes_ahead: Annotated[int, Field(ge=1, le=50)] = 3


class BankConfig(Table):
    """How much room the takes on the disk may have."""

    max_gb: Annotated[float, Field(ge=0.1)] = 8.0
    keep_days: Annotated[float, Field(ge=0)] = 30.0  # 0 sets no limit
    min_free_gb: Annotated[float, Field(ge=0)] = 1.5


class TimbresConfig(Table):
    """What making instruments for blends may cost."""

    cpu_share: Annotated[float, Field(ge=0, le=1)] = 0.1  # of one core, on the average; 0 makes none
    max_mb: Annotated[float, Field(ge=2)] = 200.0


class HistoryConfig(Table):
    """How long it is remembered what aired."""

    keep_days: Annotated[int, Field(ge=1)] = 90
    max_mb: Annotated[int, Field(ge=10)] = 1000


class Config(Table):
    """All of ``config.toml``."""

    station: Station = Field(default_factory=Station)
    web: Web = Field(default_factory=Web)
    studio: StudioConfig = Field(default_factory=StudioConfig)
    programme: ProgrammeConfig = Field(default_factory=ProgrammeConfig)
    hours: HoursConfig = Field(default_factory=HoursConfig)
    bank: BankConfig = Field(default_factory=BankConfig)
    timbres: TimbresConfig = Field(default_factory=TimbresConfig)
    history: HistoryConfig = Field(default_factory=HistoryConfig)
    outputs: tuple[Output, ...] = ()
    _path: Path = PrivateAttr(default=Path("config.toml"))

    @property
    def path(self) -> Path:
        """The file this was read from."""
        return self._path

    def read_from(self, path: Path) -> Config:
        """Return the same configuration as one that was read from a file."""
        config = self.model_copy()
        config._path = path.absolute()  # noqa: SLF001 - its own, of a copy that nobody has yet
        return config


def default_path() -> Path:
    """Return the configuration to use when none is named: the one here, the checkout's, or the one that ships."""
    candidates = (Path("config.toml"), _CHECKOUT / "config.toml", _PACKAGE / "defaults" / "config.toml")
    return next((path for path in candidates if path.is_file()), candidates[0])


def load_config(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """Return the configuration in a file, with what the environment overrides.

    Raises:
        ConfigError: Something in it can't be used; the message has one line for each fault.
    """
    path = path or default_path()
    overridden = override(read_toml(path), environ, ENV_PREFIX)
    context = {"folder": path.absolute().parent, "environ": environ}
    faults = list(overridden.faults)
    try:
        config = validate(Config, overridden.tables, str(path), origins=overridden.origins, context=context)
    except ConfigError as error:
        faults += [str(error), *_unknown_playlists(overridden.tables, path)]
    if faults:
        raise ConfigError("\n".join(faults))
    return config.read_from(path)


def _unknown_playlists(tables: Mapping[str, Any], path: Path) -> Iterator[str]:
    """Yield what is wrong with the programme of a configuration that has other faults, so that all are told at once."""
    try:
        programme = ProgrammeConfig.model_validate(tables.get("programme", {}))
    except ValidationError:
        return  # told already
    config = Config(programme=programme).read_from(path)
    for name in programme.names():
        try:
            find_playlist(config, name)
        except ConfigError as error:
            yield f"{path}: programme: {error}"


def playlist_folders(config: Config) -> tuple[Path, ...]:
    """Return where playlists are looked for: beside the configuration, then those that ship."""
    folders = (config.path.parent / "playlists", _CHECKOUT / "playlists", _PACKAGE / "defaults" / "playlists")
    return tuple(dict.fromkeys(folder for folder in folders if folder.is_dir()))


def playlist_names(config: Config) -> tuple[str, ...]:
    """Return the names of all playlists there are, in alphabetical order."""
    return tuple(sorted({path.stem for folder in playlist_folders(config) for path in folder.glob("*.toml")}))


def find_playlist(config: Config, name: str) -> Path:
    """Return a playlist's file; raise ConfigError, with a suggestion, where there is none of that name."""
    for folder in playlist_folders(config):
        path = folder / f"{name}.toml"
        if path.parent == folder and path.is_file():
            return path
    raise ConfigError(f"unknown playlist '{name}'{suggest(name, playlist_names(config))}")


def load_playlist(path: Path) -> Playlist:
    """Return the playlist in a file; its name is the file's, its anchors and recordings become absolute paths.

    Raises:
        ConfigError: Something in it can't be used; the message has one line for each fault.
    """
    tables = {"name": path.stem, **read_toml(path)}
    playlist = validate(Playlist, tables, str(path))
    if playlist.name != path.stem:
        raise ConfigError(f"{path}: name = '{playlist.name}': expected the file's own name, '{path.stem}'")
    folder = path.absolute().parent
    anchors = tuple(str(folder / anchor) for anchor in playlist.walk.anchors)
    voices = tuple(
        _with_sounds(voice, folder, f"{path}: voices[{number}].blend") for number, voice in enumerate(playlist.voices)
    )
    walk = playlist.walk.model_copy(update={"anchors": anchors})
    return playlist.model_copy(update={"walk": walk, "voices": voices})


def _with_sounds(voice: Voice, folder: Path, where: str) -> Voice:
    """Return a voice whose blends have the programs' own names, and absolute paths of recordings."""
    if voice.blend is None:
        return voice
    blends = tuple((_sound(a, folder, where), _sound(b, folder, where), mix) for a, b, mix in voice.blends)
    return voice.model_copy(update={"blend": blends if len(blends) > 1 else blends[0]})


def _sound(text: str, folder: Path, where: str) -> str:
    number = programs.number(text)
    if number is not None:
        return programs.NAMES[number]
    if Path(text).suffix:
        return str(folder / text)
    meant = [programs.NAMES[number] for number in programs.matching(text)]
    hint = f"write one of {', '.join(meant)}" if meant else "expected a General MIDI program or a file"
    raise ConfigError(f"{where}: {text!r}: {hint}{'' if meant else suggest(text, programs.NAMES)}")


def load_playlists(config: Config) -> dict[str, Playlist]:
    """Return all playlists that the programme names.

    Raises:
        ConfigError: Some can't be used; the message has one line for each fault in any of them.
    """
    playlists = {}
    faults = []
    for name in config.programme.names():
        try:
            playlists[name] = load_playlist(find_playlist(config, name))
        except ConfigError as error:
            faults.append(f"{config.path}: programme: {error}" if str(error).startswith("unknown") else str(error))
    if faults:
        raise ConfigError("\n".join(faults))
    return playlists
