"""What several commands share: options, progress, quiet logs."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentfm.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Configuration to use instead of ./config.toml.", show_default=False),
]
SeedOption = Annotated[int, typer.Option(min=0, help="All chance follows from it: the same seed, the same music.")]


def prefixed(message: str) -> str:
    """Return a message for stderr, each line with the program's name."""
    return "\n".join(f"latentfm: {line}" for line in message.splitlines())


def progress_bar(*, in_bytes: bool = False) -> Progress:
    """Return a progress bar on stderr; where that is no terminal it stays silent."""
    from rich import progress  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    console = Console(stderr=True)
    counts = (
        (progress.DownloadColumn(), progress.TransferSpeedColumn(), progress.TimeRemainingColumn())
        if in_bytes
        else (progress.TextColumn("{task.completed}/{task.total}"), progress.TimeElapsedColumn())
    )
    columns = (progress.TextColumn("{task.description}"), progress.BarColumn(), *counts)
    return progress.Progress(*columns, console=console, transient=True, disable=not console.is_terminal)


def teller(progress: Progress, text: str) -> Callable[[int, int | None], object]:
    """Return what a piece of work tells how much is done, and of how much."""
    task = progress.add_task(text, total=None)
    return lambda done, total: progress.update(task, completed=done, total=total)


def load_tensorflow(what: str) -> None:
    """Load TensorFlow without what it prints; ``what`` it is for goes into the error where it is missing.

    Raises:
        ModelError: it is not installed; the message has the command.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise ModelError(
            f"{what} needs TensorFlow, which playing does not: pip install 'latentfm[train]' "
            "(in a checkout: scripts/setup.sh train)"
        )
    from latentfm.models.playable import muted  # noqa: PLC0415

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for name in ("tensorflow", "absl"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with muted():
        importlib.import_module("tensorflow")


def quiet_logs() -> None:
    """Let only warnings and errors through."""
    from latentfm.ops import logs  # noqa: PLC0415

    logs.configure("warning")
