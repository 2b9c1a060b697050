"""What aired: ``latentfm history`` and ``latentfm recreate``."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentfm.cli.options import ConfigOption, prefixed, progress_bar, quiet_logs

if TYPE_CHECKING:
    from latentfm.history.archive import Airing, Archive
    from latentfm.history.shelf import Shelf

_LAST = 20
_FALLBACKS = {"bank": "bank", "shipped": "shipped", "bed": "tone bed"}


def history(
    since: Annotated[str | None, typer.Option(help="Not before this time.", show_default=False)] = None,
    until: Annotated[str | None, typer.Option(help="Not after this time.", show_default=False)] = None,
    last: Annotated[
        int | None, typer.Option(min=1, help=f"So many, the latest. Without times: {_LAST}.", show_default=False)
    ] = None,
    take: Annotated[
        str | None, typer.Option(help="Print all that is kept of a take instead.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line; times in UTC.")] = False,
    config: ConfigOption = None,
) -> None:
    """Say what aired, and when.

    A table: when each take began to be heard, for how long, its title, mood, key and tempo, where it came from, and
    its id. What is no fresh take is marked: `bank` is a repeat, `shipped` a take that came with the station, `tone bed`
    what plays when there is nothing else. Times are such as `21:30`, `21:30:15` or `2027-05-01T21:30:15+02:00`.

    **Examples**

    - `latentfm history`
    - `latentfm history --since 20:00 --until 21:00`
    - `latentfm history --take day-000012-s42-a0-1f2e3d4c5b`
    """
    from latentfm.history import moments  # noqa: PLC0415

    quiet_logs()
    now = time.time()
    begin, end = (None if text is None else moments.parse(text, now) for text in (since, until))
    archive, _ = _open(config)
    with archive:
        if take is not None:
            typer.echo(archive.take(take).info.model_dump_json(indent=1))
            return
        if last is None and begin is None and end is None:
            last = _LAST
        airings = archive.airings(begin, end, last)
    if as_json:
        for airing in airings:
            typer.echo(json.dumps(_document(airing), ensure_ascii=False))
    else:
        _print_table(airings)


def recreate(
    at: Annotated[str, typer.Option(help="When it aired, such as 21:30:15.", show_default=False)],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="File to write: .wav or .flac.", dir_okay=False, show_default=False)
    ],
    seconds: Annotated[float, typer.Option(min=0.01, max=10_800.0, help="How much of it.")] = 60.0,
    config: ConfigOption = None,
) -> None:
    """Make again what aired at a time.

    The cues of that time are played again: crossfades, fall backs and all. Takes are read from the bank; one that is
    gone is made again from its brief, in a temporary folder. A .wav file holds the float32 samples that left the
    timeline, a .flac file the same in 24 bit. On the same machine type with the same libraries they are the ones that
    aired, bit for bit; elsewhere the notes are the same, and a warning says so.

    **Examples**

    - `latentfm recreate --at 21:30:15 --out then.flac`
    - `latentfm recreate --at 2027-05-01T21:30:15+02:00 --seconds 300 --out then.wav`
    """
    from latentfm.history import moments  # noqa: PLC0415
    from latentfm.history.archive import spoken  # noqa: PLC0415
    from latentfm.history.recreate import recreate as make_again  # noqa: PLC0415

    quiet_logs()
    now = time.time()
    moment = moments.parse(at, now)
    archive, shelf = _open(config)
    with archive, progress_bar() as progress:
        task = progress.add_task("mixing", total=None)
        made = make_again(
            archive, shelf, moment, seconds, out, now=now, tell=lambda what: progress.update(task, description=what)
        )
    for doubt in made.doubts:
        typer.echo(prefixed(f"warning: {doubt}"), err=True)
    length = f"{made.frames / 48_000:.1f} s" + (", then the run ends" if made.cut else "")
    typer.echo(f"{out}: {length}; from {spoken(made.wall)}, frame {made.start} of run {made.run}")


def _open(config: Path | None) -> tuple[Archive, Shelf]:
    from latentfm.config import load_config  # noqa: PLC0415
    from latentfm.history import FILE  # noqa: PLC0415
    from latentfm.history.archive import Archive  # noqa: PLC0415
    from latentfm.history.shelf import Shelf  # noqa: PLC0415
    from latentfm.station import BANK, SHIPPED  # noqa: PLC0415

    state = load_config(config, os.environ).station.state_dir
    return Archive(state / FILE), Shelf(state / BANK, SHIPPED)


def _document(airing: Airing) -> dict[str, Any]:
    began = datetime.fromtimestamp(airing.wall, UTC).isoformat(timespec="milliseconds")
    return {"began": began, "seconds": round(airing.seconds, 3), **asdict(airing)}


def _print_table(airings: list[Airing]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("when", "for", "title", "mood", "key", "qpm", "from", "take"):
        table.add_column(name, no_wrap=name in ("when", "for", "take"), justify="right" if name == "for" else "left")
    for airing in airings:
        began = datetime.fromtimestamp(airing.wall, UTC).astimezone()
        minutes, seconds = divmod(round(airing.seconds), 60)
        table.add_row(
            f"{began:%Y-%m-%d %H:%M:%S}",
            f"{minutes}:{seconds:02d}",
            airing.title,
            airing.playlist,
            airing.key,
            "" if airing.qpm is None else f"{airing.qpm:g}",
            _FALLBACKS.get(airing.origin, airing.origin),
            airing.take or "",
        )
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(table)
