"""The station: everything assembled, started as a list of verbs and stopped in the reverse order."""

from __future__ import annotations

import faulthandler
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import structlog

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.bank import Bank
from latentfm.broadcast import (
    Beds,
    Broadcast,
    Feed,
    IcecastOutput,
    Library,
    Output,
    Sink,
    Target,
    load_shipped,
    read_secret,
)
from latentfm.config import Config
from latentfm.errors import LatentFMError
from latentfm.history import FILE, Recorder, Retention, Shelf
from latentfm.lastgood import remember
from latentfm.ops import logs
from latentfm.ops.clock import Clock, SystemClock
from latentfm.ops.jobs import Jobs
from latentfm.ops.process import resident_mb
from latentfm.ops.signals import Signals, stacks
from latentfm.ops.state import StateFolder
from latentfm.ops.systemd import Notifier
from latentfm.ops.watchdog import Watchdog
from latentfm.planner import Planner, Wishes
from latentfm.playlist import Playlist
from latentfm.programme import local, next_change, playlist_at, programme_of, slot_at
from latentfm.status_line import status_line
from latentfm.studio import ChildStudio
from latentfm.studio.patience import Limits
from latentfm.studio.producer import Orders, Producer
from latentfm.studio.supervisor import CHILD
from latentfm.web import OnAir, Status, WebOutput

BANK = "bank"
SHIPPED = Path(__file__).parent / "takes"
_BUILT_IN = ("mp3", 192)
_HOUSEKEEPING = 600.0  # seconds
_STATUS = 5.0  # seconds between two looks for the line of `systemctl status`
_ROUND = 0.2  # seconds between two looks of the main loop
_GRACEFUL = 4.0  # seconds that stopping may take

_log = structlog.get_logger()


def run(
    config: Config, playlists: Mapping[str, Playlist], *, child: Sequence[str] = CHILD, sinks: Sequence[Sink] = ()
) -> int:
    """Run the station until SIGTERM or SIGINT; return its exit status.

    Args:
        config: the configuration.
        playlists: every playlist that its programme names.
        child: the command of the studio's child.
        sinks: what gets the PCM besides the feeds.

    Raises:
        ConfigError: the state folder can't be written.
        LatentFMError: another station runs on it.
    """
    signals = Signals()
    notifier = Notifier()
    clock = SystemClock()
    station = Station(config, playlists, child=child, clock=clock, sinks=sinks)
    watchdog = Watchdog(lambda: station.broadcast.departures.sound(), notifier, clock)  # noqa: PLW0108 - made by start
    faulthandler.enable()  # systemd ends a station that hangs with SIGABRT: the journal gets every thread's stack
    try:
        station.start(tell=notifier.status)
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
        sinks: Sequence[Sink] = (),
    ) -> None:
        """Put nothing on air yet; ``sinks`` get the PCM besides the feeds."""
        self.config = config
        self._playlists = playlists
        self._child = child
        self._clock = clock or SystemClock()
        self._sinks = tuple(sinks)
        self._programme = programme_of(config.programme)
        self._undo = ExitStack()

    def start(self, tell: Callable[[str], None] | None = None) -> None:
        """Go on air. An output that can't be opened costs that output only; what else fails is undone and raised.

        ``tell`` gets a line that says how the station is, every few seconds and from a thread that may wait for disks.
        """
        try:
            self._hold_state_folder()
            self._remember_configuration()
            self._open_bank()
            self._go_on_air()
            self._open_outputs()
            self._start_studio()
            self._schedule_jobs(tell)
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
        self._library = Library(
            self.bank, partial(slot_at, self._programme), shipped=self._shipped, crossfade_seconds=self._crossfade
        )
        beds = Beds(self.config.station.name, self.playlist_now, lufs=self.config.station.loudness)
        self.broadcast = Broadcast(
            self._library, beds, tuple(self._feeds.values()), clock=self._clock, sinks=self._sinks
        )
        self._open_history()  # before the broadcast starts, so that it is closed after that has stopped
        self._undo.callback(self.broadcast.stop)
        self.broadcast.start()

    def _open_history(self) -> None:
        settings = self.config.history
        self.history = Recorder(
            self.broadcast.cues,
            self.config.station.state_dir / FILE,
            Shelf(self.bank.root, SHIPPED),
            keep=Retention(settings.keep_days, settings.max_mb),
            clock=self._clock,
        )
        self._undo.callback(self.history.stop)
        self.history.start()

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
        wishes = Wishes(self.config.station.seed, self.config.station.loudness, settings.takes_ahead)
        planner = Planner(self._programme, self._playlists, self._library, self.broadcast.director, self._clock, wishes)
        self.producer = Producer(self.studio, Orders(planner.next_brief, planner.made, planner.given_up))
        self._undo.callback(self.producer.stop)
        self._undo.callback(self.studio.close)
        self._undo.callback(self.producer.ask_to_stop)
        self.producer.start()

    def _schedule_jobs(self, tell: Callable[[str], None] | None) -> None:
        self.jobs = Jobs(self._clock)
        self.jobs.every("housekeeping", _HOUSEKEEPING, self._keep_house)
        self.jobs.at("programme", self._next_change, self._change_programme)
        if tell is not None:
            self.jobs.every("status_line", _STATUS, lambda: tell(status_line(self.status())))
        self._undo.callback(self.jobs.stop)
        self.jobs.start()

    def playlist_now(self) -> str:
        """Return the name of the playlist that is on."""
        return playlist_at(self._programme, self._clock.time())

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
            on_air=self._on_air(),
            outputs=tuple(output.status for output in self.outputs),
        )

    def _on_air(self) -> OnAir:
        """Return what the programme says now."""
        now = self._clock.time()
        change = next_change(self._programme, now)
        playlist = playlist_at(self._programme, now)
        return OnAir(playlist, change.playlist, local(self._programme, change.at)) if change else OnAir(playlist)

    def _keep_house(self) -> None:
        self.bank.trim(keep=self.broadcast.director.committed)
        child = self.studio.pid
        _log.info("memory", station_mb=round(resident_mb()), studio_mb=round(resident_mb(child)) if child else 0)

    def _next_change(self, now: float) -> float | None:
        change = next_change(self._programme, now)
        return change.at if change else None

    def _change_programme(self) -> None:
        _log.info("programme_changed", playlist=self.playlist_now())
        self.producer.wake()

    def _crossfade(self, name: str) -> float:
        playlist = self._playlists.get(name)
        return playlist.mix.crossfade_seconds if playlist else 8.0


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
