"""The walk through latent space: from where the last section ended to somewhere new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.brief import Brief, Key, LatentPoint
from latentfm.compose import candidates
from latentfm.compose.candidates import Batch
from latentfm.compose.midi_in import melody_windows
from latentfm.errors import ComposeError
from latentfm.models.latent import slerp
from latentfm.models.music_vae import MusicVAE
from latentfm.playlist import Playlist

Points = NDArray[np.float32]
_QUARTER_TIME: Final = 4
_NEARBY: Final = 0.25  # standard deviations around a point that drafts are drawn from
_BEST: Final = 4  # anchors to choose among, so that the fittest of all is not the station's only idea
_PRIOR_FACTOR: Final = 4  # points of the prior drawn for each draft of a motif
_SHORTLIST: Final = 16  # of them, those whose paths are looked at
_TRIES: Final = 4  # drafts of each place on such a path
_STRANGE: Final = 12.0  # what it costs to have no note in the mode


@dataclass(frozen=True)
class Walk:
    """Points of a section ``[points, z]``, the first where the last section ended, and an older one to return to."""

    points: Points
    old: Points | None
    anchor: str  # where the new end comes from: "prior", or the name of a MIDI file

    def at(self, point: int) -> LatentPoint:
        """Return a point as a plain value."""
        return plain(self.points[point])


def plain(point: Points) -> LatentPoint:
    """Return a latent point as a tuple."""
    return tuple(float(value) for value in point)


def draft_steps(playlist: Playlist, window: int) -> int:
    """Return how many of the window's steps a motif takes: in quarter time two bars would be eight, so one is read."""
    return window // 2 if playlist.form.motif_stretch == _QUARTER_TIME else window


def motif_bars(playlist: Playlist, window: int = 32) -> int:
    """Return how many bars a motif lasts as the playlist reads it."""
    return draft_steps(playlist, window) * playlist.form.motif_stretch // 16


def score(batch: Batch, playlist: Playlist) -> NDArray[np.float64]:
    """Score drafts by themselves for a playlist."""
    return candidates.fitness(batch, playlist.melody.notes_per_bar, playlist.melody.rest_share)


def drafts(vae: MusicVAE, point: Points, playlist: Playlist, rng: np.random.Generator) -> Batch:
    """Decode a point and its near surroundings many times: the drafts of one motif."""
    count = playlist.melody.candidates
    near = point[None] + _NEARBY * rng.standard_normal((count, len(point)), dtype=np.float32)
    near[: count // 2] = point
    decoded = vae.decode(near, rng, playlist.models.vae_temperature)
    steps = draft_steps(playlist, vae.steps)
    return candidates.read(decoded.labels, decoded.log_likelihood, stretch=playlist.form.motif_stretch, steps=steps)


def _merit(vae: MusicVAE, z: Points, playlist: Playlist, key: Key, rng: np.random.Generator) -> NDArray[np.float64]:
    """Decode each point once and score what it gives, in the key's best transposition, ``[n]``."""
    decoded = vae.decode(z, rng, playlist.models.vae_temperature)
    steps = draft_steps(playlist, vae.steps)
    batch = candidates.read(decoded.labels, decoded.log_likelihood, stretch=playlist.form.motif_stretch, steps=steps)
    strange = 1.0 - candidates.mode_share(batch, key).max(axis=1)
    worth: NDArray[np.float64] = (score(batch, playlist) - _STRANGE * strange).reshape(-1, len(z)).max(axis=0)
    return worth


def _from_prior(
    vae: MusicVAE, start: Points | None, points: int, playlist: Playlist, key: Key, rng: np.random.Generator
) -> Points:
    """Return one of the fittest of many points of the prior, such that the path from ``start`` to it is fit as well."""
    z = rng.standard_normal((_PRIOR_FACTOR * playlist.melody.candidates, vae.z_size), dtype=np.float32)
    worth = _merit(vae, z, playlist, key, rng)
    best = np.argsort(-worth, kind="stable")[:_SHORTLIST]
    total = worth[best]
    if start is not None:
        for inner in range(1, points - 1):
            middle = np.stack([slerp(start, z[index], inner / (points - 1)) for index in best])
            heard = _merit(vae, np.repeat(middle, _TRIES, axis=0), playlist, key, rng)
            total = total + heard.reshape(len(best), _TRIES).max(axis=1)
    order = np.argsort(-total, kind="stable")[:_BEST]
    chosen: Points = z[int(best[int(order[int(rng.integers(len(order)))])])]
    return chosen


def _from_midi(vae: MusicVAE, path: str, playlist: Playlist, rng: np.random.Generator) -> Points:
    """Return the mean of one of a MIDI file's windows, one of the fittest."""
    labels = melody_windows(Path(path), vae.steps)
    mu, _ = vae.encode(labels)
    batch = candidates.read(labels, np.zeros(len(labels)), stretch=playlist.form.motif_stretch, steps=vae.steps)
    best = np.argsort(-score(batch, playlist), kind="stable")[:_BEST]
    chosen: Points = mu[int(best[int(rng.integers(len(best)))])]
    return chosen


def plan(brief: Brief, vae: MusicVAE, points: int, key: Key, rng: np.random.Generator, *, recall: bool) -> Walk:
    """Choose the section's points on a spherical path between two anchors.

    The first anchor is the carry's latent point, or a new one for a first section. The second is a MIDI file that
    the playlist names (each in its turn) or the best of many draws from the prior.

    Raises:
        ComposeError: the carry comes from a model with another latent space.
        MidiError: an anchor can't be used.
    """
    carry, playlist = brief.carry, brief.playlist
    files: Sequence[str] = list(brief.anchors)
    turn = carry.section if carry is not None else 0

    def new(place: int, start: Points | None = None) -> tuple[Points, str]:
        if files:
            path = files[place % len(files)]
            return _from_midi(vae, path, playlist, rng), Path(path).name
        return _from_prior(vae, start, points, playlist, key, rng), "prior"

    if carry is None:
        start, _ = new(turn)
    else:
        if len(carry.latent) != vae.z_size:
            raise ComposeError(
                f"the last section ended in a latent space of {len(carry.latent)} dimensions; "
                f"the model {playlist.models.melody_vae} has {vae.z_size}"
            )
        start = np.array(carry.latent, dtype=np.float32)
    end, name = new(turn + 1, start)
    path = np.stack([slerp(start, end, index / (points - 1)) for index in range(points)])
    path[0] = start  # to the bit where the last section ended
    old = None
    if recall and carry is not None and carry.motifs:
        usable = [motif for motif in carry.motifs if len(motif) == vae.z_size]
        if usable:
            old = np.array(usable[int(rng.integers(len(usable)))], dtype=np.float32)
    return Walk(path, old, name)
