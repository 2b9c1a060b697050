"""``latentfm doctor``."""

from __future__ import annotations

from typing import Annotated

import typer

from latentfm.cli.options import ConfigOption


def doctor(
    config: ConfigOption = None,
    quick: Annotated[bool, typer.Option("--quick", help="Leave out composing and rendering a section.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Look whether this machine can run the station as configured, and say what to do where it can't.

    Settings, state folder, disk, clock, weights, SoundFonts, encoders and Icecast are looked at, and a short section is
    composed and rendered against the clock. A station that is on air goes on. The exit status is 1 when something
    failed; warnings are for what the station can live with.

    **Examples**

    - `latentfm doctor`
    - `sudo latentfm doctor --config /etc/latentfm/config.toml --json`
    """
    from latentfm.doctor import examine  # noqa: PLC0415
    from latentfm.doctor.examine import LIMITS, QUICK  # noqa: PLC0415

    failed = 0
    for finding in examine(config, QUICK if quick else tuple(LIMITS)):
        failed += finding.state == "failed"
        if as_json:
            typer.echo(finding.model_dump_json())
            continue
        typer.echo(f"{finding.state:<8} {finding.check:<11} {finding.text}")
        if finding.remedy:
            typer.echo(f"{'':20} to do: {finding.remedy}")
    if failed:
        raise typer.Exit(1)
