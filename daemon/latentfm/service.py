"""The station as a process: its signals, what systemd is told, and an end in time."""

from __future__ import annotations

import faulthandler
import os
import time
from collections.abc import Mapping, Sequence

import structlog

from latentfm.broadcast import Sink
from latentfm.config import Config
from latentfm.ops import logs
from latentfm.ops.clock import Clock, SystemClock
from latentfm.ops.process import at_most, give_memory_back
from latentfm.ops.signals import Signals, stacks
from latentfm.ops.systemd import Notifier
from latentfm.ops.watchdog import Watchdog
from latentfm.playlist import Playlist
from latentfm.render.soundfonts import LIBRARY_VARIABLE
from latentfm.station import TIMBRES, Station
from latentfm.studio.supervisor import CHILD

_ROUND = 0.2  # seconds between two looks of the main loop
_GRACEFUL = 8.0  # seconds that stopping may take, the last fade included

_log = structlog.get_logger()


def run(
    config: Config,
    playlists: Mapping[str, Playlist],
    *,
    child: Sequence[str] = CHILD,
    sinks: Sequence[Sink] = (),
    clock: Clock | None = None,
) -> int:
    """Run the station until SIGTERM or SIGINT; return its exit status.

    Args:
        config: the configuration.
        playlists: every playlist that its programme names.
        child: the command of the studio's child.
        sinks: what gets the PCM besides the feeds.
        clock: the machine's, unless another one is given.

    Raises:
        ConfigError: the state folder can't be written.
        LatentFMError: another station runs on it.
    """
    # In the environment, as the studio has to find them too, a process of its own; other folders may be named there.
    folders = (str(config.station.state_dir / TIMBRES), os.environ.get(LIBRARY_VARIABLE, ""))
    os.environ[LIBRARY_VARIABLE] = os.pathsep.join(filter(None, folders))
    give_memory_back()
    signals = Signals()
    notifier = Notifier()
    clock = clock or SystemClock()
    station = Station(config, playlists, child=child, clock=clock, sinks=sinks)
    watchdog = Watchdog(
        lambda: station.broadcast.departures.sound(),  # noqa: PLW0108 - made by start, as that of the next line
        notifier,
        clock,
        why=lambda: station.broadcast.departures.fault(),  # noqa: PLW0108
    )
    faulthandler.enable()  # systemd ends a station that hangs with SIGABRT: the journal gets every thread's stack
    try:
        station.start(tell=notifier.status)
        while signals.stop is None:
            watchdog.look()
            station.jobs.check_clock()
            if signals.take_dump_request():
                for name, stack in stacks().items():
                    _log.warning("stack", thread=name, stack=stack)
            if signals.take_reload_request():
                station.steering.desk.reload()
            clock.sleep(_ROUND)
        _log.info("station_stopping", signal=signals.stop.name)
        station.steering.leave()
    finally:
        notifier.stopping()
        _stop_in_time(station, _GRACEFUL)
        notifier.close()
        signals.restore()
    return 0


def _stop_in_time(station: Station, seconds: float) -> None:
    """Stop a station; should it take longer than ``seconds``, end the process."""

    def say() -> None:
        _log.error("stop_forced", seconds=seconds)
        logs.close(timeout=0.3)

    began = time.monotonic()
    with at_most(seconds, say):
        station.stop()
    _log.info("station_stopped", seconds=round(time.monotonic() - began, 2))
