"""The desk: what the technician may do to a station that runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any, Protocol

import structlog

from latentfm.broadcast import Broadcast
from latentfm.control.protocol import Answer, Request
from latentfm.doorkeeper import Doorkeeper
from latentfm.errors import ConfigError
from latentfm.ops.clock import Clock
from latentfm.plan import Plan, read_anew, with_mood
from latentfm.programme import local

AUTO = "auto"

_log = structlog.get_logger()


class Controlled(Protocol):
    """What the desk needs of a station."""

    plan: Plan
    broadcast: Broadcast
    doorkeeper: Doorkeeper

    def adopt(self, plan: Plan) -> None:
        """Go by another plan from the next seam on."""
        ...

    def document(self) -> dict[str, Any]:
        """Return the status as JSON has it."""
        ...


class Desk:
    """Meets requests, one at a time. ``do`` and ``reload`` may wait for the disk."""

    def __init__(self, station: Controlled, clock: Clock, environ: Mapping[str, str] = os.environ) -> None:
        self._station = station
        self._clock = clock
        self._environ = environ
        self._changing = threading.Lock()  # over the plan: what follows from one must not undo another
        self._reloading = threading.Lock()

    def do(self, request: Request) -> Answer:
        """Do what is asked and return what there is to say.

        Raises:
            LatentFMError: it can't be done; the message says why.
        """
        if request.verb == "status":
            return {"status": self._station.document()}
        _log.info("control", verb=request.verb, name=request.name)
        if request.verb == "mood":
            return self._mood(request.name)
        if request.verb == "skip":
            self._station.broadcast.director.skip()
            return {}
        doorkeeper = self._station.doorkeeper
        return {"changed": doorkeeper.pause() if request.verb == "pause" else doorkeeper.resume()}

    def reload(self) -> None:
        """Read the files anew in a thread; a second request while one is under way is met by it, or by one after it."""
        threading.Thread(target=self._reload, name="reload", daemon=True).start()

    def _mood(self, name: str | None) -> Answer:
        now = self._clock.time()
        with self._changing:
            plan = with_mood(self._station.plan, None if name == AUTO else name, now)
            self._station.adopt(plan)
        asked = plan.programme.asked
        if asked is None:
            return {"until": None}
        endless = asked.until == float("inf")
        return {"until": None if endless else local(plan.programme, asked.until).isoformat(timespec="minutes")}

    def _reload(self) -> None:
        with self._reloading:
            try:
                with self._changing:
                    plan, later = read_anew(self._station.plan, self._environ, self._clock.time())
                    self._station.adopt(plan)
            except ConfigError as error:
                _log.error("reload_refused", faults=str(error).splitlines())
            except Exception as error:  # noqa: BLE001 - a thread's end that nobody waits for: it is told here
                _log.error("reload_refused", faults=[f"{type(error).__name__}: {error}"])
            else:
                _log.info("reloaded", path=str(plan.config.path), playlists=sorted(plan.playlists))
                if later:
                    _log.warning("restart_needed", keys=list(later))
