"""``latentfm models``: the models that compose, those that are here and those that may be fetched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentfm.cli.options import load_tensorflow, quiet_logs

if TYPE_CHECKING:
    from latentfm.models.catalogue import Entry
    from latentfm.training.playables.precision import Precision

app = typer.Typer(no_args_is_help=True, help="The models that compose.")

NameOption = Annotated[str | None, typer.Option("--name", help="What to call it in playlists.", show_default=False)]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Replace a model of that name.")]
Int8Option = Annotated[bool, typer.Option("--int8", help="Store weights in 8 bits: a quarter of the size, faster.")]
HalfOption = Annotated[bool, typer.Option("--float16", help="Store weights in 16 bits: half the size.")]


@app.command("list")
def list_models() -> None:
    """List the models: those that are here, and those that Magenta has published.

    **Example**

    - `latentfm models list`
    """
    from latentfm.cli import model_tables  # noqa: PLC0415

    model_tables.print_list()


@app.command("info")
def info(
    model: Annotated[str, typer.Argument(help="A model's name, or a checkpoint: a .mag, a tar, a folder, a prefix.")],
    checkpoint: Annotated[
        str | None, typer.Option("--checkpoint", help="Which one, where an archive has several.", show_default=False)
    ] = None,
) -> None:
    """Say what a model or a checkpoint is: configuration, sizes, origin, and the memory that it needs.

    **Examples**

    - `latentfm models info attention_rnn`
    - `latentfm models info ~/Downloads/cat-mel_2bar_big.tar`
    """
    from latentfm.cli import model_tables  # noqa: PLC0415
    from latentfm.models import catalogue  # noqa: PLC0415

    path = Path(model)
    if model not in catalogue.names() and (path.exists() or Path(f"{path}.index").is_file()):  # or a prefix
        quiet_logs()
        load_tensorflow("reading a checkpoint")
        model_tables.print_checkpoint(path, checkpoint)
    else:
        model_tables.print_model(model)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A .mag bundle, a tar or zip, a training's folder, or a checkpoint.")],
    name: NameOption = None,
    config: Annotated[
        str | None, typer.Option(help="Magenta's configuration, where the file does not tell.", show_default=False)
    ] = None,
    metre: Annotated[
        str | None, typer.Option(help="Metre of what it learnt: 4/4, 3/4 or 6/8.", show_default=False)
    ] = None,
    checkpoint: Annotated[
        str | None, typer.Option("--checkpoint", help="Which one, where an archive has several.", show_default=False)
    ] = None,
    int8: Int8Option = False,
    float16: HalfOption = False,
    replace: ReplaceOption = False,
) -> None:
    """Make a model of a checkpoint: playlists can then name it. Needs TensorFlow, once.

    **Examples**

    - `latentfm models import drum_kit_rnn.mag`
    - `latentfm models import trained/ --name my_reels`
    """
    quiet_logs()
    load_tensorflow("importing")
    from latentfm.models.folders import own_folder  # noqa: PLC0415
    from latentfm.training.importing import Wish, import_checkpoint  # noqa: PLC0415

    precision = _precision(int8, float16)
    wish = Wish(name, config, metre, checkpoint, precision, replace=replace)
    _tell(import_checkpoint(file, own_folder(), wish))


@app.command("fetch")
def fetch(
    name: Annotated[str, typer.Argument(help="As `latentfm models list` prints it.")],
    as_name: NameOption = None,
    url: Annotated[
        str | None, typer.Option(help="Another address of the same file, such as a mirror.", show_default=False)
    ] = None,
    to: Annotated[
        Path | None, typer.Option(help="Keep the checkpoint as this file, and do not import it.", show_default=False)
    ] = None,
    int8: Int8Option = False,
    float16: HalfOption = False,
    replace: ReplaceOption = False,
) -> None:
    """Fetch a checkpoint that Magenta has published, and import it. What was cut off is gone on with.

    No licence is stated for these checkpoints: use is on your own account, and they must not be passed on.

    **Examples**

    - `latentfm models fetch cat-drums_2bar_small.hikl`
    - `latentfm models fetch performance --to performance.mag`
    """
    from latentfm.cli import model_fetching  # noqa: PLC0415
    from latentfm.models.published import find_published  # noqa: PLC0415

    one = find_published(name)
    address = url or one.url
    if to is not None:
        model_fetching.fetch_file(one, address, to)
        typer.echo(f"{one.file} is here: {to}")
        return
    precision = _precision(int8, float16)
    _tell(model_fetching.fetch_and_import(one, address, as_name, precision, replace=replace))


def _tell(entry: Entry) -> None:
    typer.echo(f"{entry.card.name} is here ({entry.card.config}, {entry.card.parameters:,} parameters): {entry.path}")


def _precision(int8: bool, float16: bool) -> Precision:
    if int8 and float16:
        raise typer.BadParameter("--int8 and --float16 exclude each other")
    return "int8" if int8 else "float16" if float16 else "float32"
