"""The station: everything assembled, started as a list of verbs and stopped in the reverse order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import structlog

from latentfm.bank import Bank
from latentfm.broadcast import (
    STEADY,
    Beds,
    Broadcast,
    Library,
    Sink,
    load_shipped,
    stop_together,
)
from latentfm.config import Config
from latentfm.history import FILE, Recorder, Retention, Shelf
from latentfm.lastgood import remember
from latentfm.ops.clock import Clock, SystemClock
from latentfm.ops.jobs import Jobs
from latentfm.ops.process import resident_mb
from latentfm.ops.state import StateFolder
from latentfm.outlets import Outlets
from latentfm.plan import Plan
from latentfm.planner import Planner, wishes_of
from latentfm.playlist import Playlist
from latentfm.programme import next_change
from latentfm.status_line import status_line
from latentfm.steering import Steering
from latentfm.stock import Stocktaker, quota_of
from latentfm.studio import ChildStudio
from latentfm.studio.patience import Limits
from latentfm.studio.producer import Orders, Producer
from latentfm.studio.supervisor import CHILD
from latentfm.studio.tally import Tally
from latentfm.web import Status, on_air

BANK = "bank"
SHIPPED = Path(__file__).parent / "takes"
_HOUSEKEEPING = 600.0  # seconds
_STATUS = 5.0  # seconds between two looks for the line of `systemctl status`

_log = structlog.get_logger()


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
        self._child = child
        self._clock = clock or SystemClock()
        self._sinks = tuple(sinks)
        self.steering = Steering(
            config, playlists, self._clock, document=lambda: self.status().document(), adopted=self._adopt
        )
        self.playlist_now = self.steering.playlist_now
        self._undo = ExitStack()
        self._tally = Tally()
        self.studio: ChildStudio | None = None

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
            self.steering.open_socket(self._undo)
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
            remember(self.steering.plan.config, self.steering.plan.playlists)
        except OSError as error:
            _log.warning("last_good_not_kept", folder=str(self.config.station.state_dir), reason=str(error))

    def _open_bank(self) -> None:
        state = self.config.station.state_dir
        self.bank = Bank(state / BANK, state, quota_of(self.config.bank))
        self.bank.sweep()
        self._shipped = load_shipped(SHIPPED)
        self._stock = Stocktaker(self.bank, self._shipped.infos, self._clock)

    def _go_on_air(self) -> None:
        self._outlets = Outlets(self.config)
        self._library = Library(
            self.bank, self.steering.slot_at, shipped=self._shipped, crossfade_seconds=self._crossfade
        )
        self._beds = Beds(self.config.station.name, self.playlist_now, lufs=self.config.station.loudness)
        self.broadcast = Broadcast(
            self._library,
            self._beds,
            self._outlets.feeds,
            clock=self._clock,
            sinks=(*self._sinks, *self._outlets.speakers),
            steady=min(STEADY, self.config.studio.takes_ahead),
        )
        self._open_history()  # before the broadcast starts, so that it is closed after that has stopped
        self._undo.callback(self.broadcast.stop)
        self.steering.mind(self.broadcast, self._undo)
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
        self.outputs = self._outlets.open(self.status, self.steering.routes())
        self._undo.callback(stop_together, self.outputs)
        for started in self.outputs:
            started.start()
        self._undo.callback(self.steering.hear_out)

    def _start_studio(self) -> None:
        settings = self.config.studio
        limits = Limits(
            first=settings.first_take_seconds,
            renew_after=settings.takes_per_child,
            memory_mb=settings.memory_limit_mb,
        )
        self.studio = ChildStudio(
            self.bank.root,
            limits=limits,
            command=self._child,
            clock=self._clock,
            prepare=self.bank.sweep,
            tally=self._tally,
        )
        plan, seams = self.steering.plan, self.steering.seams(self.broadcast.director)
        planner = Planner(plan.programme, plan.playlists, self._library, seams, self._clock, wishes_of(plan.config))
        self._replan = planner.replan
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

    def _adopt(self, plan: Plan) -> None:
        """Hand on what has changed, and remember it."""
        self._beds.lufs = plan.config.station.loudness
        self.bank.quota = quota_of(plan.config.bank)
        self._replan(plan.programme, plan.playlists, wishes_of(plan.config))
        self._remember_configuration()
        self.jobs.again("programme")
        self.producer.wake()

    def status(self) -> Status:
        """Return how the station is; may look at the disk."""
        stock = self._stock.look()
        return Status(
            self.config.station.name,
            self.broadcast.monitor.pulse,
            ahead=self.broadcast.runway.ahead,
            playable=stock.playable,
            fresh=stock.fresh,
            disk_free=stock.disk_free,
            on_air=on_air(self.steering.plan.programme, self._clock.time()),
            hearing=self.steering.hearing,
            paused=self.steering.doorkeeper.paused,
            outputs=tuple(output.status for output in self.outputs),
            sound=self.broadcast.meter.reading,
            fallback=self.broadcast.director.fallback.active,
            tally=self._tally.count,
            studio_bytes=self._studio_bytes(),
        )

    def _studio_bytes(self) -> int:
        child = self.studio.pid if self.studio else None
        return round(resident_mb(child) * 2**20) if child else 0

    def _keep_house(self) -> None:
        self.bank.trim(keep=self.broadcast.director.committed)
        _log.info("memory", station_mb=round(resident_mb()), studio_mb=round(self._studio_bytes() / 2**20))

    def _next_change(self, now: float) -> float | None:
        change = next_change(self.steering.plan.programme, now)
        return change.at if change else None

    def _change_programme(self) -> None:
        _log.info("programme_changed", playlist=self.playlist_now())
        self.producer.wake()

    def _crossfade(self, name: str) -> float:
        playlist = self.steering.plan.playlists.get(name)
        return playlist.mix.crossfade_seconds if playlist else 8.0
