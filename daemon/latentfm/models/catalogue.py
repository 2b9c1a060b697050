"""The models that are here, by name: those that ship, and those fetched, imported or trained.

A playable is two files, ``<name>.tflite`` and ``<name>.json``; `folders` says where they are looked for.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

from latentfm.errors import ModelError
from latentfm.models.card import Card, read_card
from latentfm.models.event_rnn import EventRNN, PolyphonyRNN, RnnFacts
from latentfm.models.folders import SHIPPED, folders
from latentfm.models.gansynth import GANSynth, GanSynthFacts
from latentfm.models.music_vae import MusicVAE, VaeFacts
from latentfm.models.nsynth import NSynth, NSynthFacts
from latentfm.models.playable import Steps
from latentfm.models.published import published
from latentfm.models.spectral import SpectralCoder, SpectralFacts

_AT_ONCE: Final = 2  # VAEs and RNNs that a mood has at most; when the mood changes those of the last one may go

Kind = Literal["music_vae", "event_rnn", "spectral", "nsynth", "gansynth"]


@dataclass(frozen=True)
class Entry:
    """A playable that is here: its card, and the LiteRT file."""

    card: Card
    path: Path

    @property
    def ships(self) -> bool:
        """Whether it came with the package."""
        return self.path.parent == SHIPPED


def entries() -> tuple[Entry, ...]:
    """Return every playable that is here, by name.

    Raises:
        ModelError: a JSON in one of the folders does not describe a playable.
    """
    found: dict[str, Entry] = {}
    for folder in folders():
        for path in sorted(folder.glob("*.json")):
            if path.with_suffix(".tflite").exists():  # another JSON may lie there
                entry = _entry(path)
                found.setdefault(entry.card.name, entry)
    return tuple(found[name] for name in sorted(found))


def names() -> tuple[str, ...]:
    """Return the names of all playables that are here, whatever state they are in."""
    return tuple(sorted({path.stem for folder in folders() for path in folder.glob("*.tflite")}))


def find(name: str, kind: Kind | None = None, representation: str | None = None) -> Entry:
    """Return the playable of a name; others may be damaged.

    Args:
        name: as ``latentfm models list`` prints it.
        kind: of network, where only one will do.
        representation: what its events or labels must mean, such as ``melody``.

    Raises:
        ModelError: there is none, its card is damaged, or it is of another kind than asked for.
    """
    paths = (folder / f"{name}.json" for folder in folders())
    path = next((path for path in paths if path.is_file()), None) if "/" not in name else None
    if path is None:
        raise ModelError(f"no model is called {name!r}; {_hint(name)}")
    entry = _entry(path)
    model = entry.card.model
    if kind is not None and model.kind != kind:
        raise ModelError(f"{name!r} is of the kind {model.kind}, not {kind}")
    if representation is not None and model.representation != representation:
        raise ModelError(f"{name!r} plays {model.representation}, not {representation}")
    return entry


def checksum(name: str) -> str:
    """Return the SHA-256 of a playable, as its card states it."""
    return find(name).card.sha256


def load_vae(name: str) -> MusicVAE:
    """Load a MusicVAE, or return it if it is one of the last that were loaded.

    Raises:
        ModelError: there is no such model, it is of another kind, or its file is damaged.
    """
    entry = find(name, "music_vae")
    if not isinstance(entry.card.model, VaeFacts):
        raise ModelError(f"{name!r} is not a MusicVAE")
    return _vae(entry.path, entry.card.sha256, entry.card.model)


def load_rnn(name: str) -> EventRNN:
    """Load an event RNN, or return it if it is one of the last that were loaded.

    Raises:
        ModelError: there is no such model, it is of another kind, or its file is damaged.
    """
    entry, facts = _event_rnn(name)
    if facts.representation == "polyphony":
        raise ModelError(f"{name!r} plays polyphony, not melody or drums")
    return _rnn(entry.path, entry.card.sha256, facts)


def load_polyphony(name: str) -> PolyphonyRNN:
    """Load a PolyphonyRNN, or return it if it is one of the last that were loaded.

    Raises:
        ModelError: there is no such model, it is of another kind, or its file is damaged.
    """
    entry, facts = _event_rnn(name)
    if facts.representation != "polyphony":
        raise ModelError(f"{name!r} plays {facts.representation}, not polyphony")
    return _polyphony(entry.path, entry.card.sha256, facts)


def load_spectral(name: str) -> SpectralCoder:
    """Load a spectral autoencoder, or return it if it is one of the last that were loaded.

    Raises:
        ModelError: there is no such model, it is of another kind, or its file is damaged.
    """
    entry = find(name, "spectral")
    if not isinstance(entry.card.model, SpectralFacts):
        raise ModelError(f"{name!r} is not a spectral autoencoder")
    return _spectral(entry.path, entry.card.sha256, entry.card.model)


def load_nsynth(name: str, threads: int = 1) -> NSynth:
    """Load an NSynth autoencoder, or return it if it is the last that was loaded, with as many threads.

    Raises:
        ModelError: there is no such model, it is of another kind, or its file is damaged.
    """
    entry = find(name, "nsynth")
    if not isinstance(entry.card.model, NSynthFacts):
        raise ModelError(f"{name!r} is not an NSynth autoencoder")
    return _nsynth(entry.path, entry.card.sha256, entry.card.model, threads)


def load_gansynth(name: str, threads: int = 1) -> GANSynth:
    """Load a GANSynth, or return it if it is the last that was loaded, with as many threads.

    Raises:
        ModelError: there is no such model, it is of another kind, or its file is damaged.
    """
    entry = find(name, "gansynth")
    if not isinstance(entry.card.model, GanSynthFacts):
        raise ModelError(f"{name!r} is not a GANSynth")
    return _gansynth(entry.path, entry.card.sha256, entry.card.model, threads)


def _event_rnn(name: str) -> tuple[Entry, RnnFacts]:
    entry = find(name, "event_rnn")
    if not isinstance(entry.card.model, RnnFacts):
        raise ModelError(f"{name!r} is not an event RNN")
    return entry, entry.card.model


@lru_cache(_AT_ONCE)
def _vae(path: Path, sha256: str, facts: VaeFacts) -> MusicVAE:
    return MusicVAE(facts, Steps(path, sha256))


@lru_cache(_AT_ONCE)
def _rnn(path: Path, sha256: str, facts: RnnFacts) -> EventRNN:
    return EventRNN(facts, Steps(path, sha256))


@lru_cache(1)
def _polyphony(path: Path, sha256: str, facts: RnnFacts) -> PolyphonyRNN:
    return PolyphonyRNN(facts, Steps(path, sha256))


@lru_cache(1)
def _spectral(path: Path, sha256: str, facts: SpectralFacts) -> SpectralCoder:
    return SpectralCoder(facts, Steps(path, sha256))


@lru_cache(1)
def _nsynth(path: Path, sha256: str, facts: NSynthFacts, threads: int) -> NSynth:
    return NSynth(facts, Steps(path, sha256, threads))


@lru_cache(1)
def _gansynth(path: Path, sha256: str, facts: GanSynthFacts, threads: int) -> GANSynth:
    return GANSynth(facts, Steps(path, sha256, threads))


def _entry(path: Path) -> Entry:
    card = read_card(path)
    if card.name != path.stem:
        raise ModelError(f"{path} is the card of {card.name!r}: a playable's files carry its name")
    return Entry(card, path.with_suffix(".tflite"))


def _hint(name: str) -> str:
    if any(name == one.local_name for one in published()):
        return f"Magenta has published it: latentfm models fetch {name}"
    known = names()
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are: {', '.join(known) or 'none'}"
