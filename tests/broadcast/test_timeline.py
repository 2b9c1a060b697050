"""The timeline on synthetic takes: seams, titles, and what it does when something is wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from latentfm.audio.limiter import limit
from latentfm.audio.oversample import AFTER, BEFORE, frame_peaks
from latentfm.audio.pcm import Pcm
from latentfm.bank import Bank
from latentfm.take import Seam

SECOND = 48_000


def level(pcm: Pcm) -> float:
    """Return the RMS level in dB."""
    return float(10 * np.log10(np.mean(np.square(pcm, dtype=np.float64))))


def test_a_seam_between_unrelated_noises_keeps_its_level(stage: Any, publish: Callable[..., Pcm]) -> None:
    """Across the whole window the level of two unrelated noises stays within 1.5 dB of what it is outside."""
    publish("one", seed=1)
    publish("two", seed=2)
    pcm, _ = stage.play(30)
    outside = level(pcm[5 * SECOND : 10 * SECOND])
    within = [level(pcm[at : at + SECOND // 2]) - outside for at in range(14 * SECOND, 21 * SECOND, SECOND // 4)]
    assert max(abs(difference) for difference in within) < 1.5


def test_a_seam_has_no_gap_and_no_repeat(stage: Any, publish: Callable[..., Pcm]) -> None:
    """Outside of the window every sample is the take's own, at its own place, to the frame."""
    one, two = publish("one", seed=1), publish("two", seed=2)
    pcm, _ = stage.play(30)
    assert np.array_equal(pcm[2400 : 15 * SECOND], one[2400 : 15 * SECOND])
    assert np.array_equal(pcm[20 * SECOND : 30 * SECOND], two[5 * SECOND : 15 * SECOND])
    fade = (np.arange(5 * SECOND) + 0.5) * np.pi / 2 / (5 * SECOND)
    mixed = one[15 * SECOND :] * np.cos(fade)[:, None] + two[: 5 * SECOND] * np.sin(fade)[:, None]
    assert np.abs(pcm[15 * SECOND : 20 * SECOND] - mixed).max() < 1e-6


def test_two_loud_takes_never_exceed_full_scale(stage: Any, publish: Callable[..., Pcm]) -> None:
    """The sum of two full-scale noises goes through the limiter: no true peak is above -1 dBTP, at the same length."""
    for place, name in enumerate(("one", "two")):
        publish(name, level=0.5, seed=place)
    pcm, _ = stage.play(30)
    window = pcm[14 * SECOND : 22 * SECOND]
    padded = np.pad(window, ((BEFORE, AFTER), (0, 0)))
    assert frame_peaks(padded)[64:-64].max() <= 10 ** (-1 / 20) * 1.001
    assert limit(window)[1] < 0.05


def test_blocks_do_not_depend_on_their_size(
    make_stage: Callable[..., Any], publish: Callable[..., Pcm], bank: Bank
) -> None:
    """Blocks of another length give the same samples."""
    publish("one", seed=1)
    publish("two", seed=2)
    small, _ = make_stage(block=4800).play(26)
    bank.aired._order.clear()
    large, _ = make_stage(block=4800 * 13).play(26)
    assert np.array_equal(small, large)


def test_the_title_changes_in_the_middle_of_the_window(stage: Any, publish: Callable[..., Pcm]) -> None:
    """What a block is called changes when the second take becomes the louder one."""
    publish("one", seed=1)
    publish("two", seed=2)
    _, playing = stage.play(30)
    changes = [at for at in range(1, len(playing)) if playing[at] != playing[at - 1]]
    assert [playing[0].title, playing[-1].title] == ["One", "Two"]
    assert len(changes) == 1
    assert abs(changes[0] / 10 - 17.5) < 0.15


def test_the_window_begins_on_an_out(stage: Any, publish: Callable[..., Pcm]) -> None:
    """The overlap begins on the out that the next take's head allows, and not before."""
    outs = Seam(head=SECOND, outs=(12 * SECOND, 17 * SECOND))
    one = publish("one", seed=1, seam=outs)
    two = publish("two", seed=2, seam=Seam(head=4 * SECOND, outs=(15 * SECOND,)))
    pcm, _ = stage.play(25)
    assert np.array_equal(pcm[2400 : 17 * SECOND], one[2400 : 17 * SECOND])
    assert np.array_equal(pcm[20 * SECOND : 25 * SECOND], two[3 * SECOND : 8 * SECOND])


def test_a_first_take_begins_with_its_first_frame(stage: Any, publish: Callable[..., Pcm]) -> None:
    """Nothing comes before the first take: the limiter's delay is made up for, and there is no click."""
    one = publish("one")
    pcm, _ = stage.play(1)
    swell = np.arange(2400, dtype=np.float32)[:, None] / 2400
    assert np.allclose(pcm[:2400], one[:2400] * swell, atol=1e-6)


def test_an_empty_bank_plays_the_tone_bed(stage: Any) -> None:
    """With nothing to play there is music all the same, at the station's loudness."""
    pcm, playing = stage.play(20)
    assert {one.origin for one in playing} == {"bed"}
    blocks = pcm.reshape(-1, 4800, 2)
    assert np.abs(blocks).max(axis=(1, 2)).min() > 0.02


def test_a_fresh_take_takes_over_from_the_bed(stage: Any, publish: Callable[..., Pcm]) -> None:
    """The first take that comes while the bed plays is crossfaded to at once."""
    stage.play(10)
    two = publish("two")
    pcm, playing = stage.play(15)
    assert playing[-1].title == "Two"
    assert [one.title for one in playing].index("Two") <= 30
    heard = stage.timeline.on_air.position - stage.timeline._limiter.latency
    assert np.array_equal(pcm[-5 * SECOND :], two[heard - 5 * SECOND : heard])


def test_nothing_is_chosen_while_a_window_opens(stage: Any, publish: Callable[..., Pcm]) -> None:
    """From the commit to the end of the crossfade the director finds that all is decided, whenever it looks."""
    publish("one", 20)
    publish("two", 40)
    stage.play(10)
    seen: list[bool] = []
    following = stage.timeline.entering
    director = threading.Thread(target=lambda: seen.append(stage.timeline.undecided))
    widen = following.widen

    def widen_and_look() -> None:
        director.start()  # it looks just when the committed take is taken up
        director.join(0.2)
        widen()

    following.widen = widen_and_look
    _, playing = stage.play(12)
    director.join(5)
    assert seen == [False]
    assert playing[-1].title == "Two"


def test_a_fault_inside_is_heard_as_music(
    stage: Any, publish: Callable[..., Pcm], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever raises inside, a block comes out, the reason is noted, and takes come back."""
    publish("one", seed=1)
    publish("two", seed=2)
    stage.play(3)
    monkeypatch.setattr(stage.timeline.on_air, "pull", lambda _: 1 / 0)
    pcm, playing = stage.play(0.5, looking=False)
    assert playing[-1].origin == "bed"
    assert np.abs(pcm[4800:]).max() > 0.02
    assert "timeline_fault" in stage.notices.drain()
    _, playing = stage.play(8)
    assert playing[-1].title == "Two"
