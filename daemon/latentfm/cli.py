"""The command line: ``latentfm run`` and its tools. Each command imports what it needs when it is called."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentfm import __version__
from latentfm.errors import LatentFMError

if TYPE_CHECKING:
    from rich.progress import Progress

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Latent FM, a generative radio station in a box.\n\n"
    "Start with `latentfm run` and listen at http://localhost:8010/. Without `--config`, the `config.toml` of the "
    "current folder is read, else the one that ships; it explains every key.",
)
models_app = typer.Typer(no_args_is_help=True, help="The models that compose.")
app.add_typer(models_app, name="models")

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Configuration to use instead of ./config.toml.", show_default=False),
]
SeedOption = Annotated[int, typer.Option(min=0, help="All chance follows from it: the same seed, the same music.")]
OutOption = Annotated[Path, typer.Option("--out", "-o", help="MIDI file to write.", dir_okay=False, show_default=False)]
MidiArgument = Annotated[Path, typer.Argument(help="A MIDI file with a melody in 4/4.", show_default=False)]


def main() -> None:
    """Run the command line; what the station can explain is printed without a traceback."""
    try:
        app(prog_name="latentfm")
    except LatentFMError as error:
        print(_prefixed(str(error)), file=sys.stderr)  # noqa: T201 - this is what a command line is for
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(130)


def _prefixed(message: str) -> str:
    return "\n".join(f"latentfm: {line}" for line in message.splitlines())


def _progress() -> Progress:
    """Return a progress bar on stderr; where that is no terminal it stays silent."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def _quiet_logs() -> None:
    from latentfm.ops import logs  # noqa: PLC0415

    logs.configure("warning")


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


@app.command()
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


@app.command()
def check(config: ConfigOption = None) -> None:
    """Look at the configuration and at all it names, and say what is wrong, all at once.

    Playlists, models, SoundFonts, anchors, passwords and the state folder are looked at. Nothing is started. The exit
    status is 0 when all is well and 2 when the station could not run as configured.

    **Examples**

    - `latentfm check`
    - `latentfm check --config /etc/latentfm/config.toml`
    """
    from latentfm.check import check as look  # noqa: PLC0415

    _quiet_logs()
    report = look(config, os.environ)
    for line in report.warnings:
        typer.echo(_prefixed(f"warning: {line}"), err=True)
    for line in report.faults:
        typer.echo(_prefixed(line), err=True)
    if report.faults:
        raise typer.Exit(2)
    typer.echo(f"{report.path}: well; playlists: {', '.join(report.playlists)}")


@app.command()
def compose(
    playlist: Annotated[str, typer.Option("--playlist", "-p", help="A playlist's name, or its TOML file.")] = "day",
    seed: SeedOption = 1,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the takes, one folder each.", file_okay=False)
    ] = Path("takes"),
    sections: Annotated[int, typer.Option(min=1, max=1000, help="How many, each going on from the one before.")] = 1,
    config: ConfigOption = None,
) -> None:
    """Compose and render sections, as the station would, into a folder.

    Each section becomes a folder with `take.flac`, `take.mid`, `take.json` (where everything in it comes from) and
    `take.png` (the piano roll with its chords, and the walk through latent space).

    **Examples**

    - `latentfm compose --playlist day --seed 42 --out takes`
    - `latentfm compose -p playlists/my-mood.toml --seed 7 --sections 3 --out takes`
    """
    from latentfm import sketch  # noqa: PLC0415
    from latentfm.config import find_playlist, load_config, load_playlist  # noqa: PLC0415

    _quiet_logs()
    settings = load_config(config, os.environ)
    path = Path(playlist) if playlist.endswith(".toml") else find_playlist(settings, playlist)
    mood = load_playlist(path)
    with _progress() as progress:
        task = progress.add_task("composing", total=sections * len(sketch.STAGES))

        def tell(section: int, stage: str) -> None:
            done = section * len(sketch.STAGES) + sketch.STAGES.index(stage)
            progress.update(task, description=f"section {section + 1} of {sections}: {stage}", completed=done)

        for made in sketch.compose_sections(
            mood, seed=seed, sections=sections, out=out, loudness=settings.station.loudness, tell=tell
        ):
            typer.echo(made)


@app.command("continue")
def continue_(
    primer: MidiArgument,
    out: OutOption,
    model: Annotated[str, typer.Option(help="An event RNN; see `latentfm models list`.")] = "attention_rnn",
    bars: Annotated[int, typer.Option(min=1, max=256, help="Bars to go on for.")] = 8,
    temperature: Annotated[float, typer.Option(min=0.05, max=3.0, help="Above 1 is more surprising.")] = 1.0,
    seed: SeedOption = 1,
) -> None:
    """Let an RNN go on from a melody.

    The new file has the primer first, then what the model added. Its log-likelihood is printed.

    **Example**

    - `latentfm continue primer.mid --bars 8 --temperature 0.9 --seed 3 --out longer.mid`
    """
    from latentfm import sketch  # noqa: PLC0415

    _quiet_logs()
    with _progress() as progress:
        progress.add_task("continuing", total=None)
        likelihood = sketch.continue_melody(primer, model=model, bars=bars, temperature=temperature, seed=seed, out=out)
    typer.echo(f"{out}: {bars} bars more, log-likelihood {likelihood:.1f} nats")


@app.command()
def interpolate(
    first: MidiArgument,
    second: MidiArgument,
    out: OutOption,
    model: Annotated[str, typer.Option(help="A MusicVAE; see `latentfm models list`.")] = "melody_2bar",
    steps: Annotated[int, typer.Option(min=2, max=256, help="Points on the way, both ends included.")] = 8,
    temperature: Annotated[float, typer.Option(min=0.05, max=3.0, help="Low keeps to the likeliest notes.")] = 0.2,
    seed: SeedOption = 1,
) -> None:
    """Walk through latent space from one melody to another.

    The first two bars of each file are the ends of the walk. The new file has the decoded points one after another.

    **Example**

    - `latentfm interpolate morning.mid evening.mid --steps 6 --out walk.mid`
    """
    from latentfm import sketch  # noqa: PLC0415

    _quiet_logs()
    with _progress() as progress:
        progress.add_task("walking", total=None)
        sketch.interpolate_melodies(
            first, second, model=model, steps=steps, temperature=temperature, seed=seed, out=out
        )
    typer.echo(f"{out}: {steps} points")


@models_app.command("list")
def list_models() -> None:
    """List the models that are here: those that ship, and those in folders that LATENTFM_MODELS names.

    **Example**

    - `latentfm models list`
    """
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from latentfm.models import catalogue  # noqa: PLC0415

    table = Table("name", "kind", "plays", "parameters", "MB", "licence", "what it is", box=None, pad_edge=False)
    for entry in catalogue.entries():
        card = entry.card
        size = f"{entry.path.stat().st_size / 1e6:.1f}" if entry.path.is_file() else "missing"
        table.add_row(
            card.name,
            card.model.kind,
            card.model.representation,
            f"{card.parameters:,}",
            size,
            card.licence,
            card.description,
        )
    console = Console()
    if table.row_count:
        console.print(table)
    else:
        typer.echo("no models are here", err=True)
        raise typer.Exit(1)
