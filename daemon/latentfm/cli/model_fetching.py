"""Fetching with a progress bar, and importing what was fetched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from latentfm.cli.options import load_tensorflow, progress_bar, quiet_logs, teller
from latentfm.errors import ModelError, UnwrittenModelError, reason
from latentfm.models import fetching
from latentfm.models.catalogue import Entry
from latentfm.models.folders import own_folder
from latentfm.models.published import Published

if TYPE_CHECKING:
    from latentfm.training.playables.precision import Precision


def fetch_file(one: Published, url: str, target: Path) -> None:
    """Fetch a checkpoint and keep it as a file of the user's.

    Raises:
        ModelError: it can't be fetched or written, or is no checkpoint; a file that was there stays.
    """
    from latentfm.training.checkpoints.read import check_whole  # noqa: PLC0415 - who plays does without

    fetched = _fetch(one, url)
    with _worth_keeping(fetched):
        check_whole(fetched.path)
    temporary = target.with_name(f".{target.name}.part")
    try:
        shutil.copyfile(fetched.path, temporary)
        temporary.replace(target)
    except OSError as fault:
        temporary.unlink(missing_ok=True)
        raise ModelError(f"{target} can't be written: {reason(fault)}; what was there stays") from fault
    fetching.record(fetched, own_folder())
    fetching.discard(fetched)


def fetch_and_import(one: Published, url: str, name: str | None, precision: Precision, *, replace: bool) -> Entry:
    """Fetch a checkpoint and make a playable of it.

    Raises:
        ModelError: Latent FM can't play it, the name is taken, TensorFlow is missing, it can't be fetched, or it is
            not what it was fetched for.
    """
    if not one.playable:
        raise ModelError(
            f"Latent FM can't play {one.config} ({one.family}) yet; --to FILE fetches the checkpoint as it is"
        )
    quiet_logs()
    load_tensorflow("importing what is fetched")
    from latentfm.training.importing import Wish, check_name, import_checkpoint  # noqa: PLC0415 - takes seconds to load

    folder, name = own_folder(), name or one.local_name
    check_name(name, folder, replace=replace)
    typer.echo(f"No licence is stated for {one.name}: use is on your own account; don't pass it on.", err=True)
    if name != one.name:
        typer.echo(f"It will be called {name}.", err=True)
    fetched = _fetch(one, url)
    wish = Wish(name, one.config, one.metre, None, precision, replace, one.description, fetched.url)
    with _worth_keeping(fetched):
        entry = import_checkpoint(fetched.path, folder, wish)
    fetching.record(fetched, folder)
    fetching.discard(fetched)
    return entry


@contextmanager
def _worth_keeping(fetched: fetching.Fetched) -> Iterator[None]:
    """Throw a download away where it proves to be something else, and not where only the room for it is missing."""
    try:
        yield
    except UnwrittenModelError as fault:
        raise ModelError(f"{fault}. The download is kept: the same command goes on from there") from fault
    except ModelError as fault:
        fetching.discard(fetched)
        raise ModelError(f"what {fetched.url} sends was thrown away: {fault}") from fault


def _fetch(one: Published, url: str) -> fetching.Fetched:
    """Fetch with a bar on stderr."""
    with progress_bar(in_bytes=True) as bar:
        return fetching.fetch(one.name, url, own_folder(), teller(bar, one.name), suffix=Path(one.file).suffix)
