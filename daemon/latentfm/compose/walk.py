"""The walk through latent space: from where the last section ended to somewhere new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.brief import Brief, Key, LatentPoint
from latentfm.compose import candidates, density
from latentfm.compose.candidates import Batch, Floats
from latentfm.compose.midi_in import phrases
from latentfm.errors import ComposeError
from latentfm.models.events import Labels
from latentfm.models.latent import slerp
from latentfm.models.music_vae import MusicVAE
from latentfm.music import metre
from latentfm.playlist import Playlist

Points = NDArray[np.float32]
NEARBY: Final = 0.25  # standard deviations around a point that drafts are drawn from
_QUARTER_TIME: Final = 4
_BEST: Final = 4  # ends to choose among, so that the fittest of all is not the station's only idea
_PRIOR_FACTOR: Final = 4  # points of the prior drawn for each draft of a motif
_SHORTLIST: Final = 16  # of them, those whose paths are looked at
_TRIES: Final = 4  # drafts of each place on such a path
_STRANGE: Final = 12.0  # what it costs to have no note in the mode


@dataclass(frozen=True)
class End:
    """Where a walk leads: a point, what it comes from ("prior", or a MIDI file's name), and that file's window."""

    point: Points
    source: str = "prior"
    theme: Labels | None = None


@dataclass(frozen=True)
class Walk:
    """Points of a section ``[points, z]``, the first where the last section ended, and what the last one comes from.

    ``notes_per_bar`` is the density that the new end was looked for at, as the model writes it.
    """

    points: Points
    end: End
    notes_per_bar: float

    def at(self, point: int) -> LatentPoint:
        """Return a point as a plain value."""
        return plain(self.points[point])


def plain(point: Points) -> LatentPoint:
    """Return a latent point as a tuple, each number as short as its 32 bits allow."""
    return tuple(float(str(value)) for value in point.astype(np.float32))


def draft_steps(playlist: Playlist, window: int) -> int:
    """Return how many of the window's steps a motif takes: in quarter time two bars would be eight, so one is read."""
    return window // 2 if playlist.form.motif_stretch == _QUARTER_TIME else window


def motif_bars(playlist: Playlist, window: int) -> int:
    """Return how many bars a motif lasts as the playlist reads it."""
    return draft_steps(playlist, window) * playlist.form.motif_stretch // metre.of(playlist).steps_per_bar


def score(batch: Batch, playlist: Playlist) -> Floats:
    """Score drafts by themselves for a playlist."""
    return candidates.fitness(batch, playlist.melody.notes_per_bar, playlist.melody.rest_share)


def around(vae: MusicVAE, point: Points, playlist: Playlist, rng: np.random.Generator) -> tuple[Labels, Floats]:
    """Decode a point and its near surroundings many times; return labels ``[n, steps]`` and log-likelihoods ``[n]``."""
    count = playlist.melody.candidates
    near = point[None] + NEARBY * rng.standard_normal((count, len(point)), dtype=np.float32)
    near[: count // 2] = point
    decoded = vae.decode(near, rng, playlist.models.vae_temperature)
    return decoded.labels, decoded.log_likelihood


def read(vae: MusicVAE, labels: Labels, likelihood: Floats, playlist: Playlist) -> Batch:
    """Read windows as the playlist's motifs."""
    steps = draft_steps(playlist, vae.steps)
    return candidates.read(
        labels, likelihood, stretch=playlist.form.motif_stretch, steps=steps, metre=metre.of(playlist)
    )


def _merit(vae: MusicVAE, z: Points, playlist: Playlist, key: Key, rng: np.random.Generator) -> Floats:
    """Decode each point once and score what it gives, in the key's best transposition, ``[n]``."""
    decoded = vae.decode(z, rng, playlist.models.vae_temperature)
    batch = read(vae, decoded.labels, decoded.log_likelihood, playlist)
    strange = 1.0 - candidates.mode_share(batch, key).max(axis=1)
    worth: Floats = (score(batch, playlist) - _STRANGE * strange).reshape(-1, len(z)).max(axis=0)
    return worth


def _ranked(worth: Floats, rng: np.random.Generator) -> list[int]:
    """Return places from the best to the worst, the first few in an order left to chance."""
    order = np.argsort(-worth, kind="stable")
    return [*rng.permutation(order[:_BEST]).tolist(), *order[_BEST:].tolist()]


def _from_prior(
    vae: MusicVAE,
    start: Points | None,
    points: int,
    playlist: Playlist,
    key: Key,
    notes_per_bar: float,
    rng: np.random.Generator,
) -> list[End]:
    """Return the fittest of many points of the prior, such that the path from ``start`` to each is fit as well."""
    z = rng.standard_normal((_PRIOR_FACTOR * playlist.melody.candidates, vae.z_size), dtype=np.float32)
    z = density.attribute(vae, metre.of(playlist)).moved(z, notes_per_bar)
    worth = _merit(vae, z, playlist, key, rng)
    best = np.argsort(-worth, kind="stable")[:_SHORTLIST]
    total = worth[best]
    if start is not None:
        for inner in range(1, points - 1):
            middle = np.stack([slerp(start, z[index], inner / (points - 1)) for index in best])
            heard = _merit(vae, np.repeat(middle, _TRIES, axis=0), playlist, key, rng)
            total = total + heard.reshape(len(best), _TRIES).max(axis=1)
    return [End(z[int(best[place])]) for place in _ranked(total, rng)]


def _from_midi(vae: MusicVAE, path: str, playlist: Playlist, rng: np.random.Generator) -> list[End]:
    """Return the means of a MIDI file's phrases, the fittest first."""
    labels = phrases(Path(path), vae.steps, metre.of(playlist))
    mu, _ = vae.encode(labels)
    worth = score(read(vae, labels, np.zeros(len(labels)), playlist), playlist).reshape(-1, len(labels)).max(axis=0)
    return [End(mu[place], Path(path).name, labels[place]) for place in _ranked(worth, rng)]


def plan(brief: Brief, vae: MusicVAE, points: int, key: Key, rng: np.random.Generator) -> list[Walk]:
    """Choose the section's points on a spherical path between two ends.

    The first end is the carry's latent point, or a new one for a first section and after another model. The second is
    a MIDI file that the playlist names (each in its turn, every so many sections) or one of the best of many draws from
    the prior.

    Returns:
        The walk that chance has chosen, and others to turn to where it leads to nothing; all begin at one point.

    Raises:
        ComposeError: the carry comes from a model with another latent space.
        MidiError: an anchor can't be used.
    """
    carry, playlist = brief.carry, brief.playlist
    files: Sequence[str] = list(brief.anchors)
    turn = carry.section if carry is not None else 0
    notes = density.wanted(playlist.melody.notes_per_bar, playlist.form.motif_stretch, rng)

    def from_prior(start: Points | None = None) -> list[End]:
        return _from_prior(vae, start, points, playlist, key, notes, rng)

    start = from_carry(brief, vae.z_size)
    if start is None:
        start = from_prior()[0].point
    visit, passing = divmod(turn, playlist.walk.anchor_every)
    ends = from_prior(start) if passing or not files else _from_midi(vae, files[visit % len(files)], playlist, rng)
    return [Walk(arc(start, end.point, points), end, notes) for end in ends]


def from_carry(brief: Brief, z_size: int) -> Points | None:
    """Return the point where the last section ended, None where there is none that the model knows.

    Raises:
        ComposeError: the carry comes from a model with another latent space.
    """
    if brief.carry is None or not brief.carry.latent:
        return None
    if len(brief.carry.latent) != z_size:
        raise ComposeError(
            f"the last section ended in a latent space of {len(brief.carry.latent)} dimensions; "
            f"the model {brief.playlist.walks_in} has {z_size}"
        )
    return np.array(brief.carry.latent, dtype=np.float32)


def arc(start: Points, end: Points, points: int) -> Points:
    """Return points ``[points, z]`` on the spherical path between two, both ends included."""
    found = np.stack([slerp(start, end, index / (points - 1)) for index in range(points)])
    found[0] = start  # to the bit where the last section ended
    return np.asarray(found, dtype=np.float32)
