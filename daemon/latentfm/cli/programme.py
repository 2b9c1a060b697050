"""``latentfm programme``: what is on, and when it changes."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from latentfm.cli.options import ConfigOption, quiet_logs


def programme(
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days to look ahead.")] = 1,
    config: ConfigOption = None,
) -> None:
    """Show which playlist is on now, and the changes that are to come, by the clock of the station's time zone.

    Each line names the entry of the configuration that a change follows from. Nothing is started; that the playlists
    themselves are well is what `latentfm check` says.

    **Examples**

    - `latentfm programme`
    - `latentfm programme --days 7 --config /etc/latentfm/config.toml`
    """
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from latentfm.config import load_config  # noqa: PLC0415
    from latentfm.hours import hearing_at, hours_of  # noqa: PLC0415
    from latentfm.ops.clock import SystemClock  # noqa: PLC0415
    from latentfm.programme import Change, changes, entry_at, local, playlist_at, programme_of  # noqa: PLC0415

    quiet_logs()
    settings = load_config(config, os.environ)
    plan = programme_of(settings.programme)
    now = SystemClock().time()
    table = Table("", "time", "", "playlist", "because of", box=None, pad_edge=False)
    for change in (Change(now, playlist_at(plan, now), entry_at(plan, now)), *changes(plan, now, now + days * 86_400)):
        shown = local(plan, change.at)
        day = "now" if change.at == now else f"{shown:%a %d %b %Y}"
        table.add_row(day, f"{shown:%H:%M}", f"{shown:%Z}", change.playlist, str(change.entry or "programme.playlist"))
    console = Console(width=None if Console().is_terminal else 160, highlight=False)
    typer.echo(f"{settings.station.name}, {settings.programme.timezone or 'the time zone of this machine'}")
    console.print(table)
    hearing = hearing_at(hours_of(settings.hours, settings.programme.timezone), now)
    if hearing.until is not None:
        typer.echo(f"{'open' if hearing.open else 'closed'} until {hearing.until:%a %d %b %Y %H:%M}")
    if table.row_count == 1:
        typer.echo(f"no change within {days} day{'s' if days > 1 else ''}")
