"""What several commands share: options, progress, quiet logs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Configuration to use instead of ./config.toml.", show_default=False),
]
SeedOption = Annotated[int, typer.Option(min=0, help="All chance follows from it: the same seed, the same music.")]


def prefixed(message: str) -> str:
    """Return a message for stderr, each line with the program's name."""
    return "\n".join(f"latentfm: {line}" for line in message.splitlines())


def progress_bar() -> Progress:
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


def quiet_logs() -> None:
    """Let only warnings and errors through."""
    from latentfm.ops import logs  # noqa: PLC0415

    logs.configure("warning")
