"""Titles from a small grammar of words, each mood with words of its own: no two moods share a title."""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np

from latentfm.playlist import Playlist

_OTHER: Final = "other"  # the words of playlists that have none
_TRIES: Final = 200  # draws before a title may be one that was given: of over ten thousand few are taken
_PREPOSITIONS: Final = (
    "above",
    "across",
    "after",
    "against",
    "along",
    "before",
    "behind",
    "below",
    "beside",
    "beyond",
    "between",
    "near",
    "over",
    "past",
    "towards",
    "under",
    "without",
)


@dataclass(frozen=True)
class Words:
    """What a mood's titles are made of."""

    adjectives: tuple[str, ...]
    things: tuple[str, ...]
    plurals: tuple[str, ...]


@cache
def _shipped() -> dict[str, Words]:
    tables = tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text("utf-8"))
    return {
        mood: Words(**{kind: tuple(" ".join(word.split()) for word in text.split(",")) for kind, text in table.items()})
        for mood, table in tables.items()
    }


def words(playlist: Playlist) -> Words:
    """Return a playlist's words: its own, else those of the mood of its name, else those for all others."""
    shipped = _shipped().get(playlist.name, _shipped()[_OTHER])
    own = playlist.titles
    return Words(own.adjectives or shipped.adjectives, own.things or shipped.things, own.plurals or shipped.plurals)


def title(rng: np.random.Generator, playlist: Playlist, taken: Collection[str] = ()) -> str:
    """Draw a title that is not among those ``taken``; each mood has some hundred thousand."""
    vocabulary = words(playlist)
    drawn = _draw(rng, vocabulary)
    for _ in range(_TRIES):
        if drawn not in taken:
            break
        drawn = _draw(rng, vocabulary)
    return drawn


def _draw(rng: np.random.Generator, vocabulary: Words) -> str:
    def word(choices: tuple[str, ...]) -> str:
        return choices[int(rng.integers(len(choices)))]

    adjective, thing, plural = word(vocabulary.adjectives), word(vocabulary.things), word(vocabulary.plurals)
    preposition = word(_PREPOSITIONS)
    forms = (
        f"{adjective} {thing}",
        f"{adjective} {plural}",
        f"{plural} {preposition} the {thing}",
        f"The {adjective} {thing} {preposition} the {plural}",
        f"{thing} of {plural}",
    )
    return forms[int(rng.integers(len(forms)))]
