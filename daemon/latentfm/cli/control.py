"""``latentfm status``, ``skip``, ``pause``, ``resume`` and ``mood``: what a running station is asked."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentfm.cli.options import ConfigOption, quiet_logs

if TYPE_CHECKING:
    from pathlib import Path


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole status as JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Say how the running station is: what is on, the programme, the hours, the outputs.

    The exit status is 0 when it is ready, 1 when it is silent or no station runs here.

    **Examples**

    - `latentfm status`
    - `latentfm status --json | jq .now.title`
    """
    document = _ask(config, verb="status")["status"]
    if as_json:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        for line in (*_lines(document), *_liquidsoaps(config)):
            typer.echo(line)
    if not document["ready"]:
        raise typer.Exit(1)


def skip(config: ConfigOption = None) -> None:
    """Go over to the next take by a short crossfade at the next bar line.

    **Example**

    - `latentfm skip`
    """
    _ask(config, verb="skip")
    typer.echo("going over to the next take")


def pause(config: ConfigOption = None) -> None:
    """Fade out and hold the music until `latentfm resume`; outputs go on with silence.

    **Example**

    - `latentfm pause`
    """
    typer.echo("paused" if _ask(config, verb="pause")["changed"] else "it was paused already")


def resume(config: ConfigOption = None) -> None:
    """Go on where the music was paused, and fade in.

    **Example**

    - `latentfm resume`
    """
    typer.echo("going on" if _ask(config, verb="resume")["changed"] else "it was not paused")


def mood(
    name: Annotated[str, typer.Argument(help="A playlist, or `auto` to go by the programme again.")],
    config: ConfigOption = None,
) -> None:
    """Put a playlist on from the next seam until the programme's next change.

    **Examples**

    - `latentfm mood night`
    - `latentfm mood night && latentfm skip` does not wait for the seam
    - `latentfm mood auto`
    """
    until = _ask(config, verb="mood", name=name)["until"]
    if name == "auto":
        typer.echo("going by the programme again, from the next seam on")
    else:
        typer.echo(f"{name} from the next seam on, until {until or 'latentfm mood auto'}")


def _liquidsoaps(config: Path | None) -> list[str]:
    """Say what each Liquidsoap plays that the configuration names: the station, or what it falls back to."""
    from latentfm.config import load_config  # noqa: PLC0415
    from latentfm.errors import ConfigError  # noqa: PLC0415
    from latentfm.ops.liquidsoap import LiquidsoapError, ask  # noqa: PLC0415

    try:
        outputs = load_config(config, os.environ).outputs
    except ConfigError:
        return []
    lines = []
    for socket in [output.liquidsoap for output in outputs if output.type == "icecast" and output.liquidsoap]:
        try:
            lines.append(f"liquidsoap plays the {ask(socket, 'latentfm.source').strip()}")
        except LiquidsoapError as error:
            lines.append(f"liquidsoap {error}")
    return lines


def _ask(config: Path | None, **request: Any) -> dict[str, Any]:
    """Ask the station of a configuration."""
    from latentfm.config import Station as Settings  # noqa: PLC0415
    from latentfm.config import load_config  # noqa: PLC0415
    from latentfm.control.client import ask  # noqa: PLC0415
    from latentfm.errors import ConfigError  # noqa: PLC0415

    quiet_logs()
    try:
        state = load_config(config, os.environ).station.state_dir
    except ConfigError:
        if config is not None:
            raise
        state = Settings().state_dir  # a station may run while the file is being written
    return ask(state, request)


def _lines(document: dict[str, Any]) -> list[str]:
    """Return a status in words."""
    now, programme, hours = document["now"], document["programme"], document["hours"]
    lines = [f"{document['station']}: {document['health']}{', paused' if document['paused'] else ''}"]
    if now:
        lines.append(f"on air     {now['title']} ({now['playlist']}, {now['origin']})")
    if programme:
        following = programme["next"]
        then = f", then {following['playlist']} at {following['at']}" if following else ""
        asked = " (asked for)" if programme.get("asked") else ""
        lines.append(f"programme  {programme['playlist']}{asked}{then}")
    if hours:
        until = f" until {hours['until']}" if hours["until"] else ""
        gain = f", {hours['gain_db']:g} dB" if hours["gain_db"] else ""
        lines.append(f"hours      {'open' if hours['open'] else 'closed'}{until}{gain}")
    runway = document["runway"]
    lines.append(f"ready      {runway['fresh_seconds']:.0f} s fresh, {runway['playable_seconds']:.0f} s in all")
    for output in document["outputs"]:
        reason = f": {output['reason']}" if output["reason"] else ""
        listeners = "" if output["listeners"] is None else f", {output['listeners']} listening"
        lines.append(f"output     {output['name']} {output['state']}{listeners}{reason}")
    return lines
