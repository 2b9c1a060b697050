"""Music made by hand: ``latentfm compose``, ``continue`` and ``interpolate``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from latentfm.cli.options import ConfigOption, SeedOption, progress_bar, quiet_logs

OutOption = Annotated[Path, typer.Option("--out", "-o", help="MIDI file to write.", dir_okay=False, show_default=False)]
MidiArgument = Annotated[Path, typer.Argument(help="A MIDI file that has what the model plays.", show_default=False)]


def compose(
    playlist: Annotated[str, typer.Option("--playlist", "-p", help="A playlist's name, or its TOML file.")] = "day",
    seed: SeedOption = 1,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the takes, one folder each.", file_okay=False)
    ] = Path("takes"),
    sections: Annotated[int, typer.Option(min=1, max=1000, help="How many, each going on from the one before.")] = 1,
    report: Annotated[bool, typer.Option("--report", help="Write a page about each section.")] = False,
    config: ConfigOption = None,
) -> None:
    """Compose and render sections, as the station would, into a folder.

    Each section becomes a folder with `take.flac`, `take.mid`, `take.json` (where everything in it comes from) and
    `take.png` (form, chords, piano roll, loudness and spectrogram over time). With `--report` there is a page
    besides, `report.html`, with the walk through latent space and the figures; of several sections an `index.html`.

    **Examples**

    - `latentfm compose --playlist day --seed 42 --out takes`
    - `latentfm compose -p playlists/my-mood.toml --seed 7 --sections 3 --report --out takes`
    """
    from latentfm import sketch  # noqa: PLC0415
    from latentfm.config import find_playlist, load_config, load_playlist  # noqa: PLC0415
    from latentfm.report import picture, section_page  # noqa: PLC0415
    from latentfm.report.piece import Piece  # noqa: PLC0415

    quiet_logs()
    settings = load_config(config, os.environ)
    path = Path(playlist) if playlist.endswith(".toml") else find_playlist(settings, playlist)
    mood = load_playlist(path)
    rows: list[tuple[str, dict[str, str]]] = []
    with progress_bar() as progress:
        task = progress.add_task("composing", total=sections * len(sketch.STAGES))

        def tell(section: int, stage: str) -> None:
            done = section * len(sketch.STAGES) + sketch.STAGES.index(stage)
            progress.update(task, description=f"section {section + 1} of {sections}: {stage}", completed=done)

        for made in sketch.compose_sections(
            mood, seed=seed, sections=sections, out=out, loudness=settings.station.loudness, tell=tell
        ):
            piece = Piece(made.section, made.info, made.audio)
            picture.write_png(piece, made.folder / picture.PICTURE)
            if report:
                section_page.write_section(piece, made.folder)
                rows.append((made.folder.name, section_page.row(piece)))
            if len(rows) > 1:
                section_page.write_index(rows, out)
            typer.echo(made.folder)


def continue_(
    primer: MidiArgument,
    out: OutOption,
    model: Annotated[str, typer.Option(help="An event RNN; see `latentfm models list`.")] = "attention_rnn",
    bars: Annotated[int, typer.Option(min=1, max=256, help="Bars to go on for.")] = 8,
    candidates: Annotated[
        int, typer.Option(min=1, max=64, help="Continuations to draw; the second goes to OUT-2, and so on.")
    ] = 1,
    chords: Annotated[
        str, typer.Option(help="For an RNN that follows chords: one a bar from the primer's first on, over and over.")
    ] = "",
    condition_on_primer: Annotated[
        bool | None,
        typer.Option(help="PolyphonyRNN: hear the primer before it plays.  \\[default: yes]", show_default=False),
    ] = None,
    inject_primer: Annotated[
        bool | None,
        typer.Option(help="PolyphonyRNN: put the primer into what it plays.  \\[default: no]", show_default=False),
    ] = None,
    temperature: Annotated[float, typer.Option(min=0.05, max=3.0, help="Above 1 is more surprising.")] = 1.0,
    seed: SeedOption = 1,
) -> None:
    """Let an RNN go on from a melody, from drums or from several voices, in the metre of the file.

    The new file has the primer first, then what the model added: the rest of the primer's last bar, and the bars that
    were asked for. Its log-likelihood is printed. The file keeps one tempo and metre.

    **Examples**

    - `latentfm continue primer.mid --bars 8 --temperature 0.9 --seed 3 --out longer.mid`
    - `latentfm continue primer.mid --model improv --chords "C Am F G7" --bars 8 --out longer.mid`
    - `latentfm continue tune.mid --model chorales --inject-primer --no-condition-on-primer --candidates 3 -o out.mid`
    """
    import numpy as np  # noqa: PLC0415

    from latentfm import sketch  # noqa: PLC0415
    from latentfm.models.event_rnn.sequences import Chance  # noqa: PLC0415

    quiet_logs()
    asked = {"condition_on_primer": condition_on_primer, "inject_primer": inject_primer}
    given = {name: value for name, value in asked.items() if value is not None}
    with progress_bar() as progress:
        progress.add_task("continuing", total=None)
        files = sketch.continue_primer(
            primer,
            model=model,
            bars=bars,
            out=out,
            chance=Chance(np.random.default_rng(seed), temperature, candidates),
            chords=chords.split(),
            harmonising=sketch.Harmonising(**given) if given else None,
        )
    for path, likelihood in files:
        typer.echo(f"{path}: {bars} bars more, log-likelihood {likelihood:.1f} nats")


def interpolate(
    first: MidiArgument,
    out: OutOption,
    second: Annotated[
        Path | None, typer.Argument(help="Another; without it the first is encoded and decoded.", show_default=False)
    ] = None,
    model: Annotated[str, typer.Option(help="A MusicVAE; see `latentfm models list`.")] = "melody_2bar",
    steps: Annotated[int, typer.Option(min=2, max=256, help="Points on the way, both ends included.")] = 8,
    temperature: Annotated[float, typer.Option(min=0.05, max=3.0, help="Low keeps to the likeliest notes.")] = 0.2,
    seed: SeedOption = 1,
) -> None:
    """Walk through latent space from one melody, drum pattern or trio to another.

    The ends of the walk are the first bars of each file, as many as the model knows: two, or sixteen. The new file has
    the decoded points one after another. Of one file alone it has what the model makes of that.

    **Examples**

    - `latentfm interpolate morning.mid evening.mid --steps 6 --out walk.mid`
    - `latentfm interpolate song.mid --model hierdec-trio_16bar --out again.mid`
    """
    from latentfm import sketch  # noqa: PLC0415

    quiet_logs()
    with progress_bar() as progress:
        progress.add_task("walking", total=None)
        written = sketch.interpolate(
            first, second, model=model, points=steps, temperature=temperature, seed=seed, out=out
        )
    typer.echo(f"{out}: {written} point{'s' if written > 1 else ''}")
