"""Mixtures of latents."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentfm.errors import TimbreError
from latentfm.timbre.engine import Latent
from latentfm.timbre.mixing import ATTACK, aligned, mean, mixed, slerp, spherical, stretched, weighted


def latent(value: float, rows: int = 100, pitch: float = 60.0, rate: float = 100.0) -> Latent:
    """Return a latent whose every number is ``value``."""
    return Latent("some", np.full((rows, 4), value, np.float32), rate, pitch)


def test_the_ends_of_a_mix_are_its_parents() -> None:
    """At 0 it is the first one, at 1 the second, by either way of mixing; between them it is between them."""
    rng = np.random.default_rng(0)
    a, b = (Latent("some", rng.standard_normal((50, 4)).astype(np.float32), 100.0, pitch) for pitch in (60.0, 62.0))
    for mix in (mixed, spherical):
        assert np.allclose(mix(a, b, 0.0).codes, a.codes, atol=1e-6)
        assert np.allclose(mix(a, b, 1.0).codes, b.codes, atol=1e-6)
        assert mix(a, b, 0.25).pitch == pytest.approx(60.5)
    half = mixed(a, b, 0.5).codes
    assert np.allclose(half, (a.codes + b.codes) / 2, atol=1e-6)


def test_weights_are_scaled() -> None:
    """Two to one is two thirds and one third; equal ones are the mean."""
    assert np.allclose(weighted([latent(0.0), latent(3.0)], [2, 1]).codes, 1.0)
    assert np.allclose(mean([latent(0.0), latent(1.0), latent(5.0)]).codes, 2.0)


def test_the_attack_may_be_mixed_otherwise() -> None:
    """It begins with the attack's mix and has reached the other when the attack is over."""
    note = mixed(latent(0.0), latent(1.0), 0.2, attack_mix=1.0)
    assert note.codes[0, 0] == 1.0
    over = round(ATTACK * 100)
    assert np.allclose(note.codes[over:], 0.2)
    assert (np.diff(note.codes[: over + 1, 0]) < 0).all()


def test_the_shorter_one_stays_on_its_last_row() -> None:
    """A pair is as long as the longer one."""
    short = replace(latent(1.0, rows=10), codes=np.arange(40, dtype=np.float32).reshape(10, 4))
    both = aligned([short, latent(0.0, rows=30)])
    assert [len(one.codes) for one in both] == [30, 30]
    assert (both[0].codes[9:] == short.codes[-1]).all()


@given(st.integers(2, 6), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_an_arc_keeps_lengths(channels: int, mix: float, seed: int) -> None:
    """Between rows of one length every row has it; between two lengths it is as far on as the mix is."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((2, 5, channels)).astype(np.float32)
    arc = slerp(a, b, mix)
    wanted = (1 - mix) * np.linalg.norm(a, axis=1) + mix * np.linalg.norm(b, axis=1)
    unit_a, unit_b = (one / np.linalg.norm(one, axis=1, keepdims=True) for one in (a, b))
    opposed = (unit_a * unit_b).sum(axis=1) < -0.999
    assert np.allclose(np.linalg.norm(arc, axis=1)[~opposed], wanted[~opposed], rtol=1e-3, atol=1e-5)


def test_a_stretched_note_keeps_its_attack() -> None:
    """Twice as long after the attack, the same rows before."""
    note = replace(latent(0.0), codes=np.arange(400, dtype=np.float32).reshape(100, 4))
    longer = stretched(note, 2.0)
    fixed = round(ATTACK * 100)
    assert len(longer.codes) == fixed + 2 * (99 - fixed) + 1
    assert (longer.codes[:fixed] == note.codes[:fixed]).all()
    assert np.allclose(longer.codes[-1], note.codes[-1])
    assert np.allclose(longer.codes[fixed + 2], note.codes[fixed + 1])


def test_what_does_not_belong_together_is_refused() -> None:
    """Other engines, other rates, no sound at all, and shares that are none."""
    with pytest.raises(TimbreError, match="only latents of one engine"):
        mean([latent(0.0), replace(latent(0.0), engine="other")])
    with pytest.raises(TimbreError, match="only latents of one engine"):
        mean([latent(0.0), latent(0.0, rate=50.0)])
    with pytest.raises(TimbreError, match="no sound to mix"):
        mean([])
    with pytest.raises(TimbreError, match="as many weights"):
        weighted([latent(0.0)], [1, 2])
    with pytest.raises(TimbreError, match="as many weights"):
        weighted([latent(0.0), latent(0.0)], [0, 0])
    with pytest.raises(TimbreError, match="from 0"):
        mixed(latent(0.0), latent(1.0), 1.5)
    with pytest.raises(TimbreError, match="no time of its own"):
        stretched(latent(0.0, rate=0.0), 2.0)
    with pytest.raises(TimbreError, match="factor above 0"):
        stretched(latent(0.0), 0.0)
