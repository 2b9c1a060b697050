"""``latentfm run`` and ``latentfm check``."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from latentfm.cli.options import ConfigOption, prefixed, quiet_logs


def run(
    config: ConfigOption = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Start the station: compose, play and stream until stopped.

    Ctrl-C or SIGTERM stops it. Logs go to stderr, as JSON when that is no terminal.

    **Examples**

    - `latentfm run`
    - `LATENTFM_WEB__PORT=8011 latentfm run --config my/config.toml`
    """
    from latentfm import start  # noqa: PLC0415 - only this command needs a station
    from latentfm.ops import logs  # noqa: PLC0415

    if log_level not in logs.LEVELS:
        raise typer.BadParameter(f"expected one of {', '.join(logs.LEVELS)}", param_hint="--log-level")
    logs.configure(log_level, spool=True)
    raise typer.Exit(start.run(config, os.environ))


def check(config: ConfigOption = None) -> None:
    """Look at the configuration and at all it names, and say what is wrong, all at once.

    Playlists, models, SoundFonts, anchors, passwords and the state folder are looked at. Nothing is started. The exit
    status is 0 when all is well and 2 when the station could not run as configured.

    **Examples**

    - `latentfm check`
    - `latentfm check --config /etc/latentfm/config.toml`
    """
    from latentfm.check import check as look  # noqa: PLC0415

    quiet_logs()
    report = look(config, os.environ)
    for line in report.warnings:
        typer.echo(prefixed(f"warning: {line}"), err=True)
    for line in report.faults:
        typer.echo(prefixed(line), err=True)
    if report.faults:
        raise typer.Exit(2)
    typer.echo(f"{report.path}: well; playlists: {', '.join(report.playlists)}")
