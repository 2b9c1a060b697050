"""The models that are here, by name: those that ship, and those imported into ``LATENTFM_MODELS`` folders."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from latentfm.errors import ModelError
from latentfm.models.card import Card, read_card
from latentfm.models.event_rnn import EventRNN, RnnFacts
from latentfm.models.music_vae import MusicVAE, VaeFacts
from latentfm.models.playable import Steps

SHIPPED = Path(__file__).parent / "weights"
Kind = Literal["music_vae", "event_rnn"]


@dataclass(frozen=True)
class Entry:
    """A playable that is here: its card, and the LiteRT file."""

    card: Card
    path: Path


def folders() -> tuple[Path, ...]:
    """Return where playables are looked for; the first that has a name wins."""
    own = os.environ.get("LATENTFM_MODELS", "")
    return (*(Path(folder) for folder in own.split(os.pathsep) if folder), SHIPPED)


def entries() -> tuple[Entry, ...]:
    """Return every playable that is here, by name.

    Raises:
        ModelError: a JSON in one of the folders does not describe a playable.
    """
    found: dict[str, Entry] = {}
    for folder in folders():
        for path in sorted(folder.glob("*.json")):
            card = read_card(path)
            found.setdefault(card.name, Entry(card, path.with_suffix(".tflite")))
    return tuple(found[name] for name in sorted(found))


def find(name: str, kind: Kind | None = None) -> Entry:
    """Return the playable of a name.

    Raises:
        ModelError: there is none, or it is of another kind than asked for.
    """
    known = {entry.card.name: entry for entry in entries()}
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(known) or 'none'}"
        raise ModelError(f"no model is called {name!r}; {hint}")
    entry = known[name]
    if kind is not None and entry.card.model.kind != kind:
        raise ModelError(f"{name!r} is of the kind {entry.card.model.kind}, not {kind}")
    return entry


def checksum(name: str) -> str:
    """Return the SHA-256 of a playable, as its card states it."""
    return find(name).card.sha256


@cache
def load_vae(name: str) -> MusicVAE:
    """Load a MusicVAE, once a process.

    Raises:
        ModelError: there is no such model, it is of another kind, or its file is damaged.
    """
    entry = find(name, "music_vae")
    if not isinstance(entry.card.model, VaeFacts):
        raise ModelError(f"{name!r} is not a MusicVAE")
    return MusicVAE(entry.card.model, Steps(entry.path, entry.card.sha256))


@cache
def load_rnn(name: str) -> EventRNN:
    """Load an event RNN, once a process.

    Raises:
        ModelError: there is no such model, it is of another kind, or its file is damaged.
    """
    entry = find(name, "event_rnn")
    if not isinstance(entry.card.model, RnnFacts):
        raise ModelError(f"{name!r} is not an event RNN")
    return EventRNN(entry.card.model, Steps(entry.path, entry.card.sha256))
