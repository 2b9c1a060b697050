"""What each event does to the station, and for how long that counts as trouble."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from latentfm.control.protocol import Request as Asked
from week import events, town

if TYPE_CHECKING:
    from week.simulation import Simulation

Aside = Callable[[], None]


def happen(simulation: Simulation, event: events.Event) -> None:
    """Let an event happen now."""
    match event:
        case events.StudioFails() | events.StudioPaces() | events.TakesSpoilt():
            _trouble_studio(simulation, event)
        case events.BankGone() | events.DiskFull() | events.CardStalls():
            _trouble_disk(simulation, event)
        case events.ClockSet() | events.ClockToChange() | events.Machine():
            _trouble_clock(simulation, event)
        case events.Request():
            _ask(simulation, event)
        case events.Reload(programme, hours):
            town.write_config(simulation.config, simulation.state, programme, hours, simulation.seed)
            simulation.trouble("plan")
            if simulation.station is not None:
                simulation.station.steering.desk._reload()
        case events.Restart(seconds, killed):
            simulation.stop(killed=killed)
            simulation.back_at = simulation.clock.monotonic() + seconds
            simulation.trouble("restart", seconds)


def _trouble_studio(
    simulation: Simulation, event: events.StudioFails | events.StudioPaces | events.TakesSpoilt
) -> None:
    workshop = simulation.workshop
    match event:
        case events.StudioFails(seconds, how):
            workshop.outage = how
            simulation.asides.append((simulation.clock.monotonic() + seconds, partial(_repair, simulation)))
            simulation.trouble("studio", seconds)
        case events.StudioPaces(making):
            workshop.making = making
            simulation.trouble("studio", 60.0)
        case events.TakesSpoilt(how):
            workshop.spoiling.extend(how)
            simulation.trouble("takes")


def _trouble_disk(simulation: Simulation, event: events.BankGone | events.DiskFull | events.CardStalls) -> None:
    disk, now = simulation.disk, simulation.clock.monotonic()
    match event:
        case events.BankGone():
            simulation.delete_bank()
            simulation.trouble("bank")
        case events.DiskFull(seconds):
            disk.full_until = max(disk.full_until, now + seconds)
            simulation.trouble("disk", seconds)
        case events.CardStalls(seconds):
            disk.stalled_until = max(disk.stalled_until, now + seconds)
            simulation.trouble("card", seconds)


def _trouble_clock(simulation: Simulation, event: events.ClockSet | events.ClockToChange | events.Machine) -> None:
    clock = simulation.clock
    match event:
        case events.ClockSet(by):
            clock.wall += by
        case events.ClockToChange(month):
            clock.wall = town.change_of_clocks(clock.wall, month) - 60.0
        case events.Machine(stands):
            clock.sleep(stands)
    simulation.trouble("clock")


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
