"""What steers a running station besides its music: the plan, the doorkeeper, and the desk with its socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any, Final

from starlette.routing import Route

from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.broadcast import Broadcast, read_secret
from latentfm.broadcast.supervised import Supervised
from latentfm.config import Config
from latentfm.control.desk import Desk
from latentfm.control.protocol import FILE, socket_folder
from latentfm.control.server import ControlSocket
from latentfm.doorkeeper import Doorkeeper, OpenSeams
from latentfm.hours import Hearing, hearing_at
from latentfm.ops.clock import Clock
from latentfm.plan import Plan, plan_of
from latentfm.planner import Seams
from latentfm.playlist import Playlist
from latentfm.programme import Slot, playlist_at, slot_at
from latentfm.web import control_route

FAREWELL: Final = 2.0
"""Seconds of the last fade."""

_TAIL = SAMPLE_RATE // 2  # frames of silence after the last fade: encoders hold back some
_PATIENCE = 1.5  # seconds beyond the fade that listeners get for what they have not taken yet
_LOOK = 0.02


class Steering:
    """The plan that a station goes by, and who may change it.

    Attributes:
        plan: what the station goes by now; replaced as a whole.
        desk: what the technician may do.
        doorkeeper: minds the hours; there once the broadcast is.
    """

    broadcast: Broadcast
    doorkeeper: Doorkeeper

    def __init__(
        self,
        config: Config,
        playlists: Mapping[str, Playlist],
        clock: Clock,
        *,
        document: Callable[[], dict[str, Any]],
        adopted: Callable[[Plan], object],
    ) -> None:
        """Go by a configuration; ``document`` returns the status, ``adopted`` is told of every later plan."""
        self.plan = plan_of(config, playlists)
        self.desk = Desk(self, clock)
        self.document = document
        self._clock = clock
        self._adopted = adopted

    @property
    def hearing(self) -> Hearing:
        """Return what the hours say now."""
        return hearing_at(self.plan.hours, self._clock.time())

    def slot_at(self, seam: float) -> Slot:
        """Return what a seam at a moment leads into."""
        return slot_at(self.plan.programme, seam)

    def playlist_now(self) -> str:
        """Return the name of the playlist that is on."""
        return playlist_at(self.plan.programme, self._clock.time())

    def seams(self, seams: Seams) -> Seams:
        """Return the seams as they will be, with the hours kept."""
        return OpenSeams(seams, lambda: self.plan.hours, self._clock)

    def adopt(self, plan: Plan) -> None:
        """Go by another plan: at once for the hours and for orders, from the next seam on for what is heard."""
        self.plan = plan
        self._adopted(plan)

    def mind(self, broadcast: Broadcast, undo: ExitStack) -> None:
        """Mind the hours of a broadcast that is about to start."""
        self.broadcast = broadcast
        self.doorkeeper = Doorkeeper(lambda: self.plan.hours, broadcast.fader, self._clock, opened=self._opened)
        self.doorkeeper.look()
        minding = Supervised("doorkeeper", self.doorkeeper.run)
        undo.callback(minding.stop)
        minding.start()

    def routes(self) -> list[Route]:
        """Return the web's routes for control."""
        token = self.plan.config.web.control_token_file
        return [control_route(self.desk.do, partial(read_secret, token) if token else None)]

    def open_socket(self, undo: ExitStack) -> None:
        """Take requests from this machine."""
        control = ControlSocket(socket_folder(self.plan.config.station.state_dir) / FILE, self.desk.do)
        undo.callback(control.stop)
        control.start()

    def leave(self) -> None:
        """Begin the last fade."""
        self.doorkeeper.leave(FAREWELL)

    def hear_out(self) -> None:
        """Wait until what was faded has gone out to whoever listens, if it is being faded."""
        fader, until = self.broadcast.fader, self._clock.monotonic() + FAREWELL + _PATIENCE
        while fader.aimed == 0.0 and self._clock.monotonic() < until:
            if fader.silent >= _TAIL and all(feed.drained for feed in self.broadcast.feeds):
                return
            self._clock.sleep(_LOOK)

    def _opened(self) -> None:
        """Begin the day with the mood that is on, not with what stood still in the evening."""
        if self.broadcast.timeline.playing.playlist != self.playlist_now():
            self.broadcast.director.skip()
