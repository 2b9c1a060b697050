"""The command line: ``latentfm run`` and its tools. Each command imports what it needs when it is called."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from latentfm import __version__
from latentfm.cli import (
    compose,
    control,
    devices,
    doctor,
    export,
    history,
    models,
    monitor,
    programme,
    run,
    timbre,
    training,
)
from latentfm.cli.options import prefixed
from latentfm.errors import LatentFMError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Latent FM, a generative radio station in a box.\n\n"
    "Start with `latentfm run` and listen at http://localhost:8010/. Without `--config`, the `config.toml` of the "
    "current folder is read, else the one that ships; it explains every key.",
)


def main() -> None:
    """Run the command line; what the station can explain is printed without a traceback."""
    try:
        app(prog_name="latentfm")
    except LatentFMError as error:
        print(prefixed(str(error)), file=sys.stderr)  # noqa: T201 - this is what a command line is for
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(130)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"latentfm {__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Take options that stand before the command."""


app.command()(run.run)
app.command()(run.check)
app.command()(doctor.doctor)
app.command()(monitor.monitor)
app.command()(programme.programme)
app.command()(control.status)
app.command()(control.skip)
app.command()(control.pause)
app.command()(control.resume)
app.command()(control.mood)
app.command()(devices.devices)
app.command()(compose.compose)
app.command("continue")(compose.continue_)
app.command()(compose.interpolate)
app.command()(history.history)
app.command()(history.recreate)
app.command()(export.export)
app.command()(training.train)
app.command()(training.evaluate)
app.add_typer(training.app, name="dataset")
app.add_typer(models.app, name="models")
app.add_typer(timbre.app, name="timbre")
