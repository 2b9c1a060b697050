"""``latentfm devices``: what the station can play on."""

from __future__ import annotations

import typer


def devices() -> None:
    """List the sound cards that the station can play on, and what they can do.

    Put part of a name into `device` of an output of type `soundcard`. Numbers change when something is plugged in or
    out. A device without rates is busy, or can't be opened. docs/speakers.md says more.

    **Examples**

    - `latentfm devices`
    """
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from latentfm.soundcard.choice import NONE  # noqa: PLC0415
    from latentfm.soundcard.listing import list_devices  # noqa: PLC0415

    found = list_devices()
    if not found:
        typer.echo(NONE)
        raise typer.Exit(1)
    table = Table("", "", "name", "by", "channels", "sample rates", box=None, pad_edge=False)
    for device in found:
        rates = ", ".join(f"{rate / 1000:g}" for rate in device.rates)
        mark = "default" if device.default else ""
        accepted = f"{rates} kHz" if rates else "none now"
        table.add_row(str(device.number), mark, device.name, device.system, str(device.channels), accepted)
    Console(width=None if Console().is_terminal else 160, highlight=False).print(table)
