"""What a file turns out to hold is heard only as far as it is music."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from latentfm.audio.gate import longest_silence
from latentfm.audio.pcm import SAMPLE_RATE, Pcm
from latentfm.bank import Bank, write_take
from latentfm.broadcast.guard import Guard
from latentfm.errors import BankError
from plain_takes import plain

STEP = SAMPLE_RATE // 2


def through(pcm: Pcm, guard: Guard) -> tuple[Pcm, str | None]:
    """Return what a guard passes of some audio, and why it stopped."""
    passed = [pcm[:0]]
    try:
        passed.extend(guard.look(pcm[at : at + STEP]) for at in range(0, len(pcm), STEP))
    except BankError as error:
        return np.concatenate(passed), str(error)
    return np.concatenate([*passed, guard.rest()]), None


def noise(seconds: float, level: float = 0.1) -> Pcm:
    """Return noise of an RMS of ``level``."""
    return (np.random.default_rng(1).standard_normal((round(seconds * SAMPLE_RATE), 2)) * level).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0.05, 1.5), st.floats(0.0, 0.7)), min_size=1, max_size=6))
def test_music_passes_untouched_with_the_rests_its_mood_allows(parts: list[tuple[float, float]]) -> None:
    """Whatever the lengths of sounds and rests, every sample comes out, in order."""
    pcm = np.concatenate(
        [half for sound, rest in parts for half in (noise(sound), np.zeros((round(rest * SAMPLE_RATE), 2), np.float32))]
    )
    passed, reason = through(pcm, Guard(plain("one", len(pcm))))
    assert reason is None
    assert np.array_equal(passed, pcm)


@pytest.mark.parametrize("after", [0.0, 0.3, 2.0, 2.25])
@pytest.mark.parametrize("lasting", [0.9, 5.0])
def test_of_a_silence_that_is_too_long_nothing_is_heard(after: float, lasting: float) -> None:
    """Everything before the silence passes, and none of it."""
    quiet = np.zeros((round(lasting * SAMPLE_RATE), 2), np.float32)
    pcm = np.concatenate([noise(after), quiet, noise(2)])
    passed, reason = through(pcm, Guard(plain("one", len(pcm))))
    assert reason is not None
    assert f"after {after:.1f} s" in reason
    assert np.array_equal(passed, pcm[: round(after * SAMPLE_RATE)])


@pytest.mark.parametrize("spoilt", ["nan", "inf", "loud"])
def test_no_numbers_and_noise_do_not_pass(spoilt: str) -> None:
    """A block with a NaN or at full scale is not passed, what came before it is."""
    pcm = noise(4)
    if spoilt == "loud":
        pcm[2 * SAMPLE_RATE : 3 * SAMPLE_RATE] *= 9
    else:
        pcm[2 * SAMPLE_RATE + 7, 1] = np.nan if spoilt == "nan" else np.inf
    passed, reason = through(pcm, Guard(plain("one", len(pcm))))
    assert reason is not None
    assert "after 2.0 s" in reason
    assert np.array_equal(passed, pcm[: 2 * SAMPLE_RATE])


@pytest.mark.parametrize("rubbish", ["silence", "half silent", "roar"])
def test_a_bank_with_rubbish_in_it_is_played_as_if_it_were_not_there(
    stage: Any, bank: Bank, publish: Callable[..., Pcm], rubbish: str
) -> None:
    """A well-formed take that holds silence or a roar is left before that is heard, named once, and airs no more."""
    publish("zero", 20, seed=1)
    publish("one", 40, seed=2)
    publish("two", 40, seed=3)
    spoilt = {"silence": noise(40, 0.0), "half silent": noise(40), "roar": noise(40)}[rubbish]
    if rubbish == "half silent":
        spoilt[20 * SAMPLE_RATE :] = 0.0
    if rubbish == "roar":
        spoilt[20 * SAMPLE_RATE :] = np.clip(spoilt[20 * SAMPLE_RATE :] * 40, -1, 1)
    take = next(take for take in bank.takes() if take.info.id == "one")
    shutil.rmtree(take.folder)
    write_take(bank.root, take.info, spoilt, b"MThd")
    with capture_logs() as logs:
        pcm, playing = stage.play(60)
    assert longest_silence(pcm) < 0.05
    seconds = np.sqrt(np.square(pcm[SAMPLE_RATE:]).reshape(-1, SAMPLE_RATE // 2 * 2).mean(axis=1))
    assert seconds.max() < 2 * seconds.min()
    assert [entry["take"] for entry in logs if entry["event"] == "take_damaged"] == ["one"]
    assert "two" in {each.take_id for each in playing}
    assert "one" not in {take.info.id for take in bank.takes()}
