"""``latentfm monitor``."""

from __future__ import annotations

from typing import Annotated

import typer

from latentfm.cli.options import quiet_logs


def monitor(
    url: Annotated[str, typer.Argument(help="A stream's address, such as http://localhost:8010/stream.mp3.")],
    seconds: Annotated[
        float | None, typer.Option(min=1.0, help="How long to listen; without it until a fault, or Ctrl-C.")
    ] = None,
    keep_on: Annotated[bool, typer.Option("--keep-on", help="Listen on after a fault, and connect again.")] = False,
    silence: Annotated[float, typer.Option(min=0.5, help="Seconds of silence that are put up with.")] = 10.0,
    loudness: Annotated[float, typer.Option(help="Loudness that is expected, in LUFS.")] = -16.0,
    tolerance: Annotated[float, typer.Option(min=0.1, help="LU that the loudness may be off.")] = 5.0,
    window: Annotated[float, typer.Option(min=10.0, help="Seconds over which the loudness is integrated.")] = 180.0,
    title_minutes: Annotated[float, typer.Option(min=0.1, help="Minutes that a title may stand still.")] = 15.0,
    timeout: Annotated[float, typer.Option(min=1.0, help="Seconds that a connection may give nothing.")] = 10.0,
) -> None:
    """Listen to a stream as a listener does, and say when something is wrong with it.

    Prints a line a minute and one for each fault: silence, a wrong loudness, a title that stands still, a connection
    that is refused, lost or gives nothing. The exit status is 1 when there was a fault.

    **Examples**

    - `latentfm monitor http://localhost:8010/stream.mp3`
    - `latentfm monitor http://radio:8000/latentfm.mp3 --seconds 3600 --keep-on`
    """
    from datetime import datetime  # noqa: PLC0415

    from latentfm.monitor import Limits, listen  # noqa: PLC0415
    from latentfm.monitor.listener import Wish  # noqa: PLC0415

    quiet_logs()
    limits = Limits(silence, loudness, tolerance, window, title_minutes * 60.0)
    faults = listen(
        url,
        limits,
        Wish(seconds, keep_on, timeout),
        lambda line: typer.echo(f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S} {line}"),
    )
    if faults:
        raise typer.Exit(1)
