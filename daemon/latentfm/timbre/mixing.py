"""Mixtures of latents: weighted, spherical, one for the attack and another for what follows, stretched in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import TimbreError
from latentfm.timbre.engine import Codes, Latent

Floats = NDArray[np.float64]

ATTACK: Final = 0.12
"""Seconds after which a note's attack is over, unless told otherwise."""

_ALIKE = 1e-4  # of two directions: nothing to turn


def weighted(latents: Sequence[Latent], weights: Sequence[float]) -> Latent:
    """Return the mean of latents by weights, which are scaled to sum to 1; the longest says how long it is.

    Raises:
        TimbreError: there is none, they don't belong together, or the weights are no such.
    """
    lined = aligned(latents)
    shares = np.asarray(weights, np.float64)
    if shares.shape != (len(lined),) or (shares < 0).any() or not np.isfinite(shares).all() or not shares.sum() > 0:
        raise TimbreError(f"{len(lined)} sounds need as many weights, 0 or more and not all 0, not {list(weights)}")
    shares /= shares.sum()
    codes = np.tensordot(shares, np.stack([latent.codes for latent in lined]).astype(np.float64), axes=1)
    pitch = float(shares @ [latent.pitch for latent in lined])
    return replace(lined[0], codes=codes.astype(np.float32), pitch=pitch)


def mean(latents: Sequence[Latent]) -> Latent:
    """Return the plain mean of latents."""
    return weighted(latents, [1.0] * len(latents))


def mixed(a: Latent, b: Latent, mix: float, attack_mix: float | None = None, attack: float = ATTACK) -> Latent:
    """Return a latent between two: ``a`` at 0, ``b`` at 1.

    Args:
        a: one.
        b: the other.
        mix: where between them.
        attack_mix: where at the very beginning; from there it moves to ``mix`` within ``attack`` seconds.
        attack: seconds.

    Raises:
        TimbreError: they don't belong together, or a share is not from 0 to 1.
    """
    a, b = aligned((a, b))
    shares = _shares(len(a.codes), a.rate, mix, attack_mix, attack)
    codes = (1.0 - shares) * a.codes + shares * b.codes
    return replace(a, codes=codes.astype(np.float32), pitch=(1.0 - mix) * a.pitch + mix * b.pitch)


def spherical(a: Latent, b: Latent, mix: float) -> Latent:
    """Return a latent on the arc between two, row by row (Shoemake, "Animating Rotation", SIGGRAPH 1985).

    The length of a row goes evenly from one to the other, as its direction does.

    Raises:
        TimbreError: they don't belong together, or the share is not from 0 to 1.
    """
    a, b = aligned((a, b))
    _check(mix)
    return replace(a, codes=slerp(a.codes, b.codes, mix), pitch=(1.0 - mix) * a.pitch + mix * b.pitch)


def slerp(a: Codes, b: Codes, mix: float) -> Codes:
    """Return the rows on the arcs between rows ``[n, channels]``."""
    long_a, long_b = (np.linalg.norm(codes.astype(np.float64), axis=-1, keepdims=True) for codes in (a, b))
    unit_a, unit_b = a / np.maximum(long_a, 1e-12), b / np.maximum(long_b, 1e-12)
    angle = np.arccos(np.clip((unit_a * unit_b).sum(axis=-1, keepdims=True), -1.0, 1.0))
    sine = np.sin(angle)
    turnable = sine > _ALIKE
    safe = np.where(turnable, sine, 1.0)
    of_a = np.where(turnable, np.sin((1.0 - mix) * angle) / safe, 1.0 - mix)
    of_b = np.where(turnable, np.sin(mix * angle) / safe, mix)
    arc: Codes = ((of_a * unit_a + of_b * unit_b) * ((1.0 - mix) * long_a + mix * long_b)).astype(np.float32)
    return arc


def stretched(latent: Latent, factor: float, keep: float = ATTACK) -> Latent:
    """Return a latent that lasts ``factor`` times as long; its first ``keep`` seconds stay as they are.

    Raises:
        TimbreError: it has no time of its own, or the factor is not above 0.
    """
    if latent.rate <= 0:
        raise TimbreError(f"a latent of the engine {latent.engine} has no time of its own: it can't be stretched")
    if not 0 < factor < np.inf:
        raise TimbreError(f"a latent can be stretched by a factor above 0, not by {factor}")
    fixed = min(len(latent.codes) - 1, round(keep * latent.rate))
    rest = len(latent.codes) - 1 - fixed
    count = max(1, round(rest * factor))
    places = np.concatenate([np.arange(fixed), fixed + np.linspace(0, rest, count + 1)])
    return replace(latent, codes=_at(latent.codes, places))


def aligned(latents: Sequence[Latent]) -> list[Latent]:
    """Return latents that are all as long as the longest; shorter ones stay on their last row.

    Raises:
        TimbreError: there is none, or they don't belong together.
    """
    if not latents:
        raise TimbreError("there is no sound to mix")
    first = latents[0]
    kinds = {(latent.engine, latent.rate, latent.codes.shape[1]) for latent in latents}
    if len(kinds) > 1:
        said = ", ".join(
            f"{engine} ({rate:g} a second, {channels} channels)" for engine, rate, channels in sorted(kinds)
        )
        raise TimbreError(f"only latents of one engine can be mixed, not of {said}")
    length = max(len(latent.codes) for latent in latents)
    if all(len(latent.codes) == length for latent in latents) and first.codes.size:
        return list(latents)
    if any(not latent.codes.size for latent in latents):
        raise TimbreError("a latent without any rows can't be mixed")
    return [replace(latent, codes=_at(latent.codes, np.arange(length, dtype=np.float64))) for latent in latents]


def _at(codes: Codes, places: Floats) -> Codes:
    """Return rows at places between rows; beyond the last one, the last."""
    places = places.clip(0, len(codes) - 1)
    below = np.floor(places).astype(int)
    above = np.minimum(below + 1, len(codes) - 1)
    share = (places - below)[:, None]
    rows: Codes = ((1.0 - share) * codes[below] + share * codes[above]).astype(np.float32)
    return rows


def _shares(rows: int, rate: float, mix: float, attack_mix: float | None, attack: float) -> Floats:
    """Return the share of the second sound in each row, ``[rows, 1]``."""
    _check(mix)
    if attack_mix is None or rate <= 0:
        return np.full((rows, 1), mix)
    _check(attack_mix)
    passed = np.minimum(1.0, np.arange(rows) / max(attack * rate, 1e-9))
    eased = 0.5 - 0.5 * np.cos(np.pi * passed)
    return (attack_mix + (mix - attack_mix) * eased)[:, None]


def _check(mix: float) -> None:
    if not 0.0 <= mix <= 1.0:
        raise TimbreError(f"a mix is from 0 (the first sound) to 1 (the second), not {mix}")
