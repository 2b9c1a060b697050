"""Where the station goes out: the feeds that its outputs need, and the outputs themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import structlog
from starlette.routing import Route

from latentfm.broadcast import Feed, IcecastOutput, Output, Target, read_secret
from latentfm.config import Config
from latentfm.errors import LatentFMError
from latentfm.outputs_config import IcecastOutput as Mount
from latentfm.soundcard.output import speakers_of
from latentfm.web import Status, WebOutput

_BUILT_IN = ("mp3", 192)  # format and kbit/s of the built-in stream

_log = structlog.get_logger()


class Outlets:
    """The outputs of a configuration, and the built-in one.

    Attributes:
        speakers: the sound cards, which get PCM as sinks of the runway.
        feeds: one encoder for each format and bit rate that is asked for.
    """

    def __init__(self, config: Config) -> None:
        """Open nothing yet."""
        self._config = config
        self._mounts = [output for output in config.outputs if isinstance(output, Mount)]
        wanted = [_BUILT_IN, *((mount.format, mount.bitrate) for mount in self._mounts)]
        self._feeds = {form: Feed(*form) for form in dict.fromkeys(wanted)}
        self.feeds = tuple(self._feeds.values())
        self.speakers = speakers_of(config.outputs)

    def open(self, status: Callable[[], Status], routes: Sequence[Route]) -> list[Output]:
        """Return every output, not started yet; one that can't be used is logged and left out.

        Args:
            status: how the station is, for the page.
            routes: of the web, besides its own.
        """
        web = self._config.web
        built_in = WebOutput(
            self._feeds[_BUILT_IN],
            status,
            host=web.host,
            port=web.port,
            name=self._config.station.name,
            max_listeners=web.max_listeners,
            more=routes,
        )
        outputs: list[Output] = [built_in, *self.speakers]
        for mount in self._mounts:
            try:
                outputs.append(IcecastOutput(self._target(mount), self._feeds[mount.format, mount.bitrate]))
            except LatentFMError as error:
                _log.error("output_unusable", url=mount.url, reason=str(error))
        return outputs

    def _target(self, mount: Mount) -> Target:
        return Target(
            mount.url,
            password=partial(read_secret, mount.password_file),
            user=mount.user,
            name=mount.name or self._config.station.name,
            description=mount.description,
            genre=mount.genre,
            public=mount.public,
        )
