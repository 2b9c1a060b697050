"""``latentfm export``: what was trained here, for Magenta."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentfm.cli.options import load_tensorflow, quiet_logs
from latentfm.errors import ModelError


def export(
    source: Annotated[str, typer.Argument(help="A training's folder, or a checkpoint.")],
    out: Annotated[Path, typer.Argument(help="A .mag bundle for an event RNN, a .tar for a MusicVAE.")],
    config: Annotated[
        str | None,
        typer.Option(help="Magenta's configuration, where the checkpoint does not tell.", show_default=False),
    ] = None,
) -> None:
    """Write what was trained as a bundle or a checkpoint that Magenta itself loads.

    **Examples**

    - `latentfm export trained/reels reels.mag`
    - `latentfm export trained/grooves grooves.tar`
    """
    from latentfm.models import catalogue  # noqa: PLC0415

    path = Path(source)
    if not path.exists() and source in catalogue.names():
        raise ModelError(
            f"{source} is a playable: its weights are as LiteRT has them, which is no checkpoint any more. Export the "
            "folder of its training, or use the checkpoint that it was imported from."
        )
    quiet_logs()
    load_tensorflow("exporting")
    from latentfm.training.exporting import export as write  # noqa: PLC0415

    written = write(path, out, config)
    sizes = ", ".join(f"{name}={value}" for name, value in written.sizes.items())
    typer.echo(f"{written.path}: {written.config} with {sizes}".replace("'", ""))
    if out.suffix == ".tar":
        typer.echo("Give Magenta these hyperparameters where they are not the configuration's own.")
