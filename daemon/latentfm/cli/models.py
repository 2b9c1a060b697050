"""``latentfm models``: the models that compose."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True, help="The models that compose.")


@app.command("list")
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
