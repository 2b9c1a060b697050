"""What ``latentfm models list`` and ``info`` print."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from latentfm.errors import ModelError
from latentfm.models import catalogue, memory
from latentfm.models.catalogue import Entry
from latentfm.models.published import LICENCE, Published, find_published, published

if TYPE_CHECKING:
    from latentfm.models.card import ModelFacts

_WIDE = 240  # columns where there is no terminal
_BYTES = 4  # of a float32 parameter


def print_list() -> None:
    """Print a row for each model that is here, and for each that Magenta has published."""
    titles = ("name", "what it does", "metre", "from", "licence", "here", "memory to play it")
    table = Table(*titles, box=None, pad_edge=False)
    here = catalogue.names()
    for name in here:
        table.add_row(*_row(name))
    for one in published():
        if one.local_name not in here:
            table.add_row(*_published_row(one))
    _console().print(table)


def print_model(name: str) -> None:
    """Print what is known of a model that is here, or published.

    Raises:
        ModelError: neither is called so, or its card is damaged.
    """
    try:
        entry = catalogue.find(name)
    except ModelError:
        if name in catalogue.names():
            raise
        try:
            one = find_published(name)
        except ModelError as fault:
            raise ModelError(f"{fault}; and no model that is here is called so, nor any file") from None
        _print(_published_lines(one))
        return
    _print(_lines(entry))


def print_checkpoint(path: Path, wanted: str | None = None) -> None:
    """Print what a checkpoint is, its variables, and what it would need.

    Raises:
        ModelError: it is no checkpoint.
    """
    from latentfm.training.checkpoints.read import read_checkpoint  # noqa: PLC0415 - brings TensorFlow
    from latentfm.training.checkpoints.recognise import identify  # noqa: PLC0415

    checkpoint = read_checkpoint(path, wanted)
    count = sum(value.size for value in checkpoint.variables.values())
    lines: list[tuple[str, str]] = [("checkpoint", str(path))]
    try:
        match = identify(checkpoint)
        lines += [("configuration", match.config), *_facts(match.facts)]
    except ModelError as fault:
        lines.append(("configuration", str(fault)))
    if checkpoint.text:
        lines.append(("it says", checkpoint.text))
    lines += [("variable names", checkpoint.generation), ("step", str(checkpoint.step or "unknown"))]
    lines += [("parameters", f"{count:,}"), ("memory to play it", _memory(count, count * _BYTES))]
    lines += [("memory to import it", _against_free(memory.needed_to_import(count))), ("variables", "")]
    _print([*lines, *_variables({name: value.shape for name, value in checkpoint.variables.items()})])


def _row(name: str) -> tuple[str, ...]:
    try:
        entry = catalogue.find(name)
    except ModelError as fault:
        return (name, f"damaged: {fault}", "", "", "", "damaged", "")
    card = entry.card
    if not entry.path.is_file():
        return (name, card.description, card.metre, origin(entry), card.licence, f"{entry.path} is missing", "")
    need = _memory(card.parameters, entry.path.stat().st_size)
    return (name, card.description, card.metre, origin(entry), card.licence, "yes", need)


def _published_row(one: Published) -> tuple[str, ...]:
    metre = "" if one.metre == "none" else one.metre
    fetch = f"no: latentfm models fetch {one.name}" if one.playable else "no; Latent FM can't play it yet"
    need = _memory(one.parameters, one.parameters * _BYTES) if one.parameters else ""
    return (one.local_name, one.description, metre, _host(one.url), LICENCE, fetch, need)


def origin(entry: Entry) -> str:
    """Return where a model came from, in a word or two."""
    if entry.ships:
        return "Latent FM"
    imported: dict[str, Any] = entry.card.provenance.get("imported", {})
    if imported.get("url"):
        return _host(imported["url"])
    return f"imported from {imported['file']}" if imported.get("file") else "trained here"


def _lines(entry: Entry) -> Iterator[tuple[str, str]]:
    card = entry.card
    imported: dict[str, Any] = card.provenance.get("imported", {})
    yield from (("model", card.name), ("what it does", card.description), ("configuration", card.config))
    yield from (("metre", card.metre), *_facts(card.model))
    yield from (("from", origin(entry)), ("licence", card.licence))
    for key in ("url", "sha256", "date", "names", "precision"):
        if imported.get(key):
            yield f"checkpoint's {key}" if key in ("url", "sha256", "names") else f"imported: {key}", imported[key]
    yield from (("file", str(entry.path)), ("file's sha256", card.sha256), ("parameters", f"{card.parameters:,}"))
    if entry.path.is_file():
        yield "memory to play it", _memory(card.parameters, entry.path.stat().st_size)
    else:
        yield "file", "missing: import the model again"
    if imported.get("variables"):
        yield "variables", ""
        yield from _variables(imported["variables"])


def _published_lines(one: Published) -> Iterator[tuple[str, str]]:
    yield from (("model", one.local_name), ("what it does", one.description))
    yield from (("configuration", f"{one.config} ({one.family})"), ("licence", LICENCE), ("address", one.url))
    if one.playable:
        yield "memory to play it", _memory(one.parameters, one.parameters * _BYTES)
        yield "memory to import it", _against_free(memory.needed_to_import(one.parameters))
        yield "here", f"no: latentfm models fetch {one.name}"
    else:
        yield "here", "no; Latent FM can't play it yet"


def _facts(facts: ModelFacts) -> Iterator[tuple[str, str]]:
    for key, value in facts.model_dump(exclude_defaults=True).items():
        text = ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
        yield key.replace("_", " "), text


def _variables(shapes: dict[str, Iterable[int]]) -> Iterator[tuple[str, str]]:
    for name, shape in sorted(shapes.items()):
        yield f"  {name}", " x ".join(map(str, shape))


def _memory(parameters: int, file_size: int) -> str:
    return _against_free(memory.needed(parameters, file_size))


def _against_free(need: int) -> str:
    free = memory.available()
    if free is None:
        return _megabytes(need)
    return f"{_megabytes(need)}: " + ("this machine has it" if need <= free else f"only {_megabytes(free)} are free")


def _megabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"  # noqa: PLR2004 - a gigabyte


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _print(lines: Iterable[tuple[str, str]]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in lines:
        table.add_row(key, value)
    _console().print(table)


def _console() -> Console:
    console = Console(highlight=False, markup=False, emoji=False)
    return console if console.is_terminal else Console(width=_WIDE, highlight=False, markup=False, emoji=False)
