"""What each event does to the station, and for how long that counts as trouble."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from latentfm.control.protocol import Request as Asked
from week import events, town

if TYPE_CHECKING:
    from week.simulation import Simulation

Aside = Callable[[], None]


def happen(simulation: Simulation, event: events.Event) -> None:
    """Let an event happen now."""
    now, clock = simulation.clock.monotonic(), simulation.clock
    match event:
        case events.StudioFails(seconds, how):
            simulation.workshop.outage = how
            simulation.asides.append((now + seconds, partial(_repair, simulation)))
            simulation.trouble("studio", seconds)
        case events.StudioPaces(making):
            simulation.workshop.making = making
            simulation.trouble("studio", 60.0)
        case events.TakesSpoilt(how):
            simulation.workshop.spoiling.extend(how)
            simulation.trouble("takes")
        case events.BankGone():
            simulation.delete_bank()
            simulation.trouble("bank")
        case events.DiskFull(seconds):
            simulation.disk.full_until = max(simulation.disk.full_until, now + seconds)
            simulation.trouble("disk", seconds)
        case events.CardStalls(seconds):
            simulation.disk.stalled_until = max(simulation.disk.stalled_until, now + seconds)
            simulation.trouble("card", seconds)
        case events.ClockSet(by):
            clock.wall += by
            simulation.trouble("clock")
        case events.ClockToChange(month):
            clock.wall = town.change_of_clocks(clock.wall, month) - 60.0
            simulation.trouble("clock")
        case events.Machine(stands):
            clock.sleep(stands)
            simulation.trouble("machine")
        case events.Request():
            _ask(simulation, event)
        case events.Reload(programme, hours):
            town.write_config(simulation.config, simulation.state, programme, hours, simulation.seed)
            simulation.trouble("plan")
            if simulation.station is not None:
                simulation.station.steering.desk._reload()
        case events.Restart(seconds, killed):
            simulation.stop(killed=killed)
            simulation.back_at = clock.monotonic() + seconds
            simulation.trouble("restart", seconds)




def _repair(simulation: Simulation) -> None:
    simulation.workshop.outage = None
    # What is being made when an outage ends may still fail, and be waited for as long as a hang was.
    simulation.trouble("studio")


def _ask(simulation: Simulation, event: events.Request) -> None:
    """Ask the station for something, and end a pause in its time."""
    if simulation.station is None:
        return
    desk = simulation.station.steering.desk
    simulation.trouble("asked", event.seconds if event.verb == "pause" else 0.0)
    if event.verb in ("mood", "auto"):
        desk.do(Asked(verb="mood", name=event.mood if event.verb == "mood" else "auto"))
        return
    desk.do(Asked(verb=event.verb))
    if event.verb == "pause":
        simulation.asides.append((simulation.clock.monotonic() + event.seconds, partial(_resume, simulation)))


def _resume(simulation: Simulation) -> None:
    if simulation.station is not None:
        simulation.station.steering.desk.do(Asked(verb="resume"))
    simulation.trouble("asked")
