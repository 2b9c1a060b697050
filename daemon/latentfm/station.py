"""The station: everything assembled, started as a list of verbs and stopped in the reverse order."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.bank import Bank
from latentfm.brief import Brief, Carry
from latentfm.broadcast import Beds, Broadcast, Feed, IcecastOutput, Library, Output, Target, load_shipped, read_secret
from latentfm.config import Config
from latentfm.errors import LatentFMError
from latentfm.lastgood import remember
from latentfm.ops import logs
from latentfm.ops.clock import Clock, SystemClock
from latentfm.ops.jobs import Jobs
from latentfm.ops.process import resident_mb
from latentfm.ops.signals import Signals, stacks
from latentfm.ops.state import StateFolder
from latentfm.ops.systemd import Notifier
from latentfm.ops.watchdog import Watchdog
from latentfm.playlist import Playlist
from latentfm.programme import next_brief, next_change, playlist_at, programme_of
from latentfm.sources import Sources, sources_of
from latentfm.studio import ChildStudio
from latentfm.studio.patience import Limits
from latentfm.studio.producer import Orders, Producer
from latentfm.studio.supervisor import CHILD
from latentfm.take import TakeInfo
from latentfm.web import Status, WebOutput

BANK = "bank"
SHIPPED = Path(__file__).parent / "takes"
_BUILT_IN = ("mp3", 192)
_HEARD = 12  # takes whose audio the next one must not repeat
_HOUSEKEEPING = 600.0  # seconds
_ROUND = 0.2  # seconds between two looks of the main loop
_GRACEFUL = 4.0  # seconds that stopping may take

_log = structlog.get_logger()


def run(config: Config, playlists: Mapping[str, Playlist], *, child: Sequence[str] = CHILD) -> int:
    """Run the station until SIGTERM or SIGINT; return its exit status.

    Args:
        config: the configuration.
        playlists: every playlist that its programme names.
        child: the command of the studio's child.

    Raises:
        ConfigError: the state folder can't be written.
        LatentFMError: another station runs on it.
    """
    signals = Signals()
    notifier = Notifier()
    clock = SystemClock()
    station = Station(config, playlists, child=child, clock=clock)
    watchdog = Watchdog(lambda: station.broadcast.monitor.pulse.ready, notifier, clock)
    try:
        station.start()
        while signals.stop is None:
            watchdog.look()
            station.jobs.check_clock()
            if signals.take_dump_request():
                for name, stack in stacks().items():
                    _log.warning("stack", thread=name, stack=stack)
            clock.sleep(_ROUND)
        _log.info("station_stopping", signal=signals.stop.name)
    finally:
        notifier.stopping()
        _stop_in_time(station, _GRACEFUL)
        notifier.close()
        signals.restore()
    return 0


class Station:
    """Everything between a configuration and its listeners."""

    def __init__(
        self,
        config: Config,
        playlists: Mapping[str, Playlist],
        *,
        child: Sequence[str] = CHILD,
        clock: Clock | None = None,
    ) -> None:
        self.config = config
        self._playlists = playlists
        self._child = child
        self._clock = clock or SystemClock()
        entries = [(entry.at, entry.playlist) for entry in config.programme.entries]
        self._programme = programme_of(config.programme.playlist, entries)
        self._undo = ExitStack()
        self._section = 0  # the number of the next section, unless the bank knows of later ones

    def start(self) -> None:
        """Go on air. An output that can't be opened costs that output only; what else fails is undone and raised."""
        try:
            self._hold_state_folder()
            self._remember_configuration()
            self._open_bank()
            self._go_on_air()
            self._open_outputs()
            self._start_studio()
            self._schedule_jobs()
        except BaseException:
            self.stop()
            raise
        _log.info("station_started", name=self.config.station.name, playlist=self.playlist_now())

    def stop(self) -> None:
        """Stop everything, the last started first."""
        self._undo.close()

    def _hold_state_folder(self) -> None:
        self._undo.enter_context(StateFolder(self.config.station.state_dir))

    def _remember_configuration(self) -> None:
        try:
            remember(self.config, self._playlists)
        except OSError as error:
            _log.warning("last_good_not_kept", folder=str(self.config.station.state_dir), reason=str(error))

    def _open_bank(self) -> None:
        state = self.config.station.state_dir
        self.bank = Bank(state / BANK, state)
        self.bank.sweep()
        self._shipped = load_shipped(SHIPPED)

    def _go_on_air(self) -> None:
        wanted = [_BUILT_IN, *((output.format, output.bitrate) for output in self.config.outputs)]
        self._feeds = {form: Feed(*form) for form in dict.fromkeys(wanted)}
        library = Library(self.bank, self.playlist_now, shipped=self._shipped, crossfade_seconds=self._crossfade)
        beds = Beds(self.config.station.name, self.playlist_now, lufs=self.config.station.loudness)
        self.broadcast = Broadcast(library, beds, tuple(self._feeds.values()), clock=self._clock)
        self._undo.callback(self.broadcast.stop)
        self.broadcast.start()

    def _open_outputs(self) -> None:
        web, built_in = self.config.web, self._feeds[_BUILT_IN]
        self.web = WebOutput(
            built_in,
            self.status,
            host=web.host,
            port=web.port,
            name=self.config.station.name,
            max_listeners=web.max_listeners,
        )
        self.outputs: list[Output] = [self.web]
        for output in self.config.outputs:
            try:
                target = Target(
                    output.url,
                    password=partial(read_secret, output.password_file),
                    user=output.user,
                    name=output.name or self.config.station.name,
                    description=output.description,
                    genre=output.genre,
                    public=output.public,
                )
                self.outputs.append(IcecastOutput(target, self._feeds[output.format, output.bitrate]))
            except LatentFMError as error:
                _log.error("output_unusable", url=output.url, reason=str(error))
        for started in self.outputs:
            self._undo.callback(started.stop)
            started.start()

    def _start_studio(self) -> None:
        settings = self.config.studio
        limits = Limits(
            first=settings.first_take_seconds,
            renew_after=settings.takes_per_child,
            memory_mb=settings.memory_limit_mb,
        )
        self.studio = ChildStudio(
            self.bank.root, limits=limits, command=self._child, clock=self._clock, prepare=self.bank.sweep
        )
        self.producer = Producer(self.studio, Orders(self._next_brief, self._take_made, self._given_up))
        self._undo.callback(self.producer.stop)
        self._undo.callback(self.studio.close)
        self._undo.callback(self.producer.ask_to_stop)
        self.producer.start()

    def _schedule_jobs(self) -> None:
        self.jobs = Jobs(self._clock)
        self.jobs.every("housekeeping", _HOUSEKEEPING, self._keep_house)
        self.jobs.at("programme", self._next_change, self._change_programme)
        self._undo.callback(self.jobs.stop)
        self.jobs.start()

    def playlist_now(self) -> str:
        """Return the name of the playlist that is on."""
        return playlist_at(self._programme, self._local(self._clock.time()))

    def status(self) -> Status:
        """Return how the station is; may look at the disk."""
        takes = self.bank.takes()
        fresh = sum(take.info.frames for take in takes if take.info.id not in self.bank.aired)
        playable = sum(take.info.frames for take in takes) + sum(info.frames for info in self._shipped.infos)
        return Status(
            self.config.station.name,
            self.broadcast.monitor.pulse,
            ahead=self.broadcast.runway.ahead,
            playable=playable / SAMPLE_RATE,
            fresh=fresh / SAMPLE_RATE,
            outputs=tuple(output.status for output in self.outputs),
        )

    def _next_brief(self) -> Brief | None:
        """Return the order for the next take, None while enough fresh ones lie ready."""
        playlist = self._playlists[self.playlist_now()]
        committed = self.broadcast.director.committed
        ready = [take for take in self.bank.unaired(playlist.name) if take.info.id not in committed]
        if len(ready) >= self.config.studio.takes_ahead:
            return None
        takes = self.bank.takes()
        sources = sources_of(playlist)
        self._section = max(self._section, *(take.info.carry.section for take in takes), 0)
        return next_brief(
            station_seed=self.config.station.seed,
            section=self._section,
            playlist=playlist,
            loudness=self.config.station.loudness,
            carry=carry_from(takes[-1].info, playlist, sources) if takes else None,
            models=sources.models,
            sounds=sources.sounds,
            anchors=sources.anchors,
            heard=[fingerprint for take in takes[-_HEARD:] if (fingerprint := take.info.provenance.get("fingerprint"))],
        )

    def _take_made(self, take: TakeInfo) -> None:
        self._section = max(self._section, take.carry.section)

    def _given_up(self, brief: Brief) -> None:
        self._section += 1  # the next one is another section, with a seed of its own
        del brief

    def _keep_house(self) -> None:
        self.bank.trim(keep=self.broadcast.director.committed)
        child = self.studio.pid
        _log.info("memory", station_mb=round(resident_mb()), studio_mb=round(resident_mb(child)) if child else 0)

    def _next_change(self, now: float) -> float | None:
        change = next_change(self._programme, self._local(now))
        return change.timestamp() if change else None

    def _change_programme(self) -> None:
        _log.info("programme_changed", playlist=self.playlist_now())
        self.producer.wake()

    def _crossfade(self, name: str) -> float:
        playlist = self._playlists.get(name)
        return playlist.mix.crossfade_seconds if playlist else 8.0

    @staticmethod
    def _local(moment: float) -> datetime:
        """Return a moment as the local wall clock shows it; without a zone, so that hours are those of the day."""
        return datetime.fromtimestamp(moment, UTC).astimezone().replace(tzinfo=None)


def carry_from(last: TakeInfo, playlist: Playlist, sources: Sources) -> Carry | None:
    """Return where the next section goes on from the last take, as far as the models are still those it was made by.

    A point in one model's latent space means nothing in another's.
    """
    before = last.provenance.get("brief", {}).get("models", {})
    lead, drums = playlist.models.melody_vae, playlist.models.drums_vae
    if before.get(lead) != sources.models[lead]:
        return None
    if before.get(drums) != sources.models.get(drums):
        return last.carry.model_copy(update={"drums_latent": None})
    return last.carry


def _stop_in_time(station: Station, seconds: float) -> None:
    """Stop a station; should it take longer than ``seconds``, end the process: the kernel ends the studio with it."""

    def force() -> None:
        _log.error("stop_forced", seconds=seconds)
        logs.close(timeout=0.3)
        os._exit(1)

    timer = threading.Timer(seconds, force)
    timer.daemon = True
    timer.start()
    began = time.monotonic()
    station.stop()
    timer.cancel()
    _log.info("station_stopped", seconds=round(time.monotonic() - began, 2))
