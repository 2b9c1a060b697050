"""Sections of trios: sixteen bars at once by a model whose trios are known, as none ships."""

from __future__ import annotations

import re

import numpy as np
import pytest

from latentfm.brief import Brief
from latentfm.compose import Players, Section, compose_with
from latentfm.models.events import FIRST_PITCH_LABEL, HOLD, MIN_PITCH, OFF
from latentfm.models.music_vae import Decoded
from latentfm.music.chords import note_name
from latentfm.music.scales import contains
from latentfm.playlist import Playlist

BARS, BAR = 16, 16
ROOTS = (0, 5, 7, 0)  # C, F, G, C: a bar each, over and over
TUNE = ((0, 4), (4, 7), (8, 4), (12, 2))  # step of the bar, semitones above its root
KICK = 1


def labels(transposed: int) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """Return a trio in C major or a transposition: ``[steps, 3]``."""
    parts = np.full((BARS * BAR, 3), HOLD, dtype=np.int16)
    for bar in range(BARS):
        root = ROOTS[bar % len(ROOTS)] + transposed
        for step, up in TUNE:
            pitch = 60 + root + up - (up == 2) * 2 + (bar // 4) * (step == 8)
            parts[bar * BAR + step, 0] = pitch - MIN_PITCH + FIRST_PITCH_LABEL
        parts[bar * BAR + 14, 0] = OFF
        parts[bar * BAR, 1] = 36 + root - MIN_PITCH + FIRST_PITCH_LABEL
        parts[bar * BAR, 2] = KICK
    return parts


class Trios:
    """A MusicVAE of trios that knows one piece, in any key."""

    steps, z_size, representation = BARS * BAR, 4, "trio"

    def decode(self, z: np.ndarray, rng: np.random.Generator, temperature: float = 0.5) -> Decoded:  # type: ignore[type-arg]
        """Return the piece, transposed by chance."""
        drawn = np.stack([labels(int(up)) for up in rng.integers(-5, 6, len(z))])
        return Decoded(drawn, np.zeros(len(z)))


@pytest.fixture(scope="module")
def playlist(day: Playlist) -> Playlist:
    """The day, in major, with a trio model in place of its others."""
    table = day.model_dump(mode="json")
    table["models"]["trio"] = "trios"
    table["harmony"]["modes"] = ["major"]
    table["melody"]["notes_per_bar"] = [2, 5]
    return Playlist.model_validate(table)


@pytest.fixture(scope="module")
def players() -> Players:
    """The model, and no others."""
    return Players(Trios(), None, None, None, None, {"trios": "0" * 64})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def section(playlist: Playlist, players: Players) -> Section:
    """A section."""
    return compose_with(Brief(seed=3, playlist=playlist), players)


def of_role(section: Section, role: str) -> list[tuple[int, int]]:
    """Return step and pitch of a voice's notes."""
    (instrument,) = [info.instrument for info in section.sequence.instrument_infos if info.name == role]
    step = 60 / section.qpm / 4
    return [
        (round(note.start_time / step), note.pitch) for note in section.sequence.notes if note.instrument == instrument
    ]


def test_the_body_is_whole_trios(section: Section, playlist: Playlist) -> None:
    """A section has sixteen bars, or a multiple, between intro and outro, and all of its lead is the trio's."""
    first, after = section.form.body
    assert (after - first) % BARS == 0
    assert section.provenance["sources"] == {"trio": 1.0}
    low, high = playlist.form.seconds
    assert low <= section.seconds <= high


def test_the_key_is_the_sections_and_the_chords_are_the_trios(section: Section) -> None:
    """Lead and bass lie in the key, and each bar has the chord whose root the bass plays."""
    first, after = section.form.body
    lead, bass = of_role(section, "lead"), of_role(section, "bass")
    assert all(contains(section.key, pitch) for _, pitch in (*lead, *bass))
    roots = {step // BAR: pitch % 12 for step, pitch in bass}
    for bar in range(first, after):
        symbol = section.provenance["chords"][bar]
        if bar in roots:
            assert any(re.match(f"{note_name(roots[bar], flats=flats)}(?![#b])", symbol) for flats in (True, False))
    assert len(roots) > (after - first) / 2


def test_most_of_it_airs_as_it_was_drawn(section: Section) -> None:
    """Lead and bass keep most of their notes; drums are struck where the trio strikes them."""
    aired = section.provenance["figures"]["aired"]
    assert aired["model_share"] >= 0.75
    assert aired["under_share"] == 1.0
    kicks = of_role(section, "drums")
    assert kicks
    assert all(step % BAR == 0 for step, _ in kicks)


def test_the_walk_goes_on(section: Section, playlist: Playlist, players: Players) -> None:
    """The next section begins where this one ended, and no motif is remembered that another model would not know."""
    following = compose_with(Brief(seed=4, playlist=playlist, carry=section.carry), players)
    assert following.provenance["walk"][0] == list(section.carry.latent)
    assert section.carry.motifs == ()
