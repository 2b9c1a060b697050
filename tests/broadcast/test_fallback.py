"""What plays when something is missing, late or damaged."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf

from latentfm.audio.gate import longest_silence
from latentfm.audio.pcm import Pcm
from latentfm.bank import Bank, TakeReader
from latentfm.broadcast.deck import Deck
from latentfm.broadcast.library import Shipped, load_shipped
from latentfm.take import TakeInfo

SECOND = 48_000


@pytest.fixture
def ship(tmp_path: Path, info: Callable[..., TakeInfo], noise: Callable[..., Pcm]) -> Callable[..., Shipped]:
    """Return a function that makes takes as the station ships them, in Opus, and loads them."""
    root = tmp_path / "shipped"

    def make(*names: str, playlist: str = "day") -> Shipped:
        for place, name in enumerate(names):
            audio = noise(20, seed=50 + place)
            described = info(name, len(audio), playlist=playlist)
            (root / name).mkdir(parents=True)
            sf.write(root / name / "take.opus", audio, 48_000, format="OGG", subtype="OPUS")
            (root / name / "take.json").write_text(described.model_dump_json())
        return load_shipped(root)

    return make


def test_fresh_takes_then_the_bank_then_the_oldest_airing(stage: Any, publish: Callable[..., Pcm]) -> None:
    """Takes air in the order they were made in; then again, the one that aired longest ago first."""
    for seed, name in enumerate(("one", "two", "three")):
        publish(name, seed=seed)
    _, playing = stage.play(75)
    order = [one for at, one in enumerate(playing) if at == 0 or one != playing[at - 1]]
    assert [(one.title, one.origin) for one in order] == [
        ("One", "fresh"),
        ("Two", "fresh"),
        ("Three", "fresh"),
        ("One", "bank"),
        ("Two", "bank"),
    ]


def test_a_fresh_take_goes_before_a_repeat(stage: Any, publish: Callable[..., Pcm]) -> None:
    """A take that is published while another plays airs next, although the bank has older ones to repeat."""
    publish("one", 20)
    publish("two", 40)
    stage.play(25)
    publish("three", 20)
    _, playing = stage.play(30)
    assert playing[-1].title == "Three"


def test_a_fall_back_is_left_once_two_fresh_takes_lie_ready(stage: Any, publish: Callable[..., Pcm]) -> None:
    """One fresh take waits while the bank plays again; with a second one both air, one after the other."""
    publish("one", 20, section=1)
    publish("two", 20, section=2)
    stage.play(40)
    assert stage.director.fallback.active
    publish("three", 20, section=3)
    _, playing = stage.play(40)
    assert {one.origin for one in playing} == {"bank"}
    publish("four", 20, section=4)
    _, playing = stage.play(60)
    fresh = list(dict.fromkeys(one.title for one in playing if one.origin == "fresh"))
    assert fresh == ["Three", "Four"]


def test_a_fresh_take_is_not_held_back_for_ever(stage: Any, publish: Callable[..., Pcm]) -> None:
    """After ten minutes in which no second one came, the only one airs."""
    publish("one", 20, section=1)
    publish("two", 20, section=2)
    stage.play(40)
    publish("three", 20, section=3)
    _, playing = stage.play(560)
    assert {one.origin for one in playing} == {"bank"}
    _, playing = stage.play(120)
    assert "Three" in {one.title for one in playing if one.origin == "fresh"}


def test_the_mood_that_is_on_goes_first(stage: Any, publish: Callable[..., Pcm]) -> None:
    """After a change of the programme the next take is of the new mood, though the old one has fresh takes left."""
    publish("day-one", 30)
    publish("day-two", 20)
    publish("night-one", 20, playlist="night")
    stage.play(2)
    stage.mood = "night"
    _, playing = stage.play(28)
    assert playing[-1].title == "Night-One"


def test_a_bank_of_another_mood_is_better_than_nothing(stage: Any, publish: Callable[..., Pcm]) -> None:
    """Music of another mood plays rather than the bed."""
    publish("one", playlist="night")
    _, playing = stage.play(5)
    assert playing[-1].title == "One"


def test_what_ships_plays_when_the_bank_is_empty(make_stage: Callable[..., Any], ship: Callable[..., Shipped]) -> None:
    """A station whose bank is empty starts with the takes that ship, and takes turns among them."""
    stage = make_stage(shipped=ship("shipped-one", "shipped-two"))
    _, playing = stage.play(40)
    assert [playing[0].title, playing[250].title, playing[-1].title] == ["Shipped-One", "Shipped-Two", "Shipped-One"]
    assert {one.origin for one in playing} == {"shipped"}


def test_a_lone_take_alternates_with_the_bed(stage: Any, publish: Callable[..., Pcm]) -> None:
    """A take does not follow itself: the bed comes between, for half a minute."""
    publish("one", 20)
    _, playing = stage.play(60)
    order = [one.origin for at, one in enumerate(playing) if at == 0 or one != playing[at - 1]]
    assert order == ["fresh", "bed", "bank"]


def test_the_bed_is_in_the_key_of_the_last_take(stage: Any, publish: Callable[..., Pcm]) -> None:
    """The bed that follows a take stands in that take's key."""
    publish("one", tonic=9)
    stage.play(25)
    assert stage.timeline.on_air.key.tonic == 9


def test_a_truncated_take_is_left_by_a_crossfade(
    stage: Any, bank: Bank, publish: Callable[..., Pcm], tmp_path: Path
) -> None:
    """A file that ends too early hands over before its end, without a gap, and does not air again."""
    one = publish("one", 40, seed=1)
    two = publish("two", 20, seed=2)
    path = bank.root / "one" / "take.flac"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    pcm, playing = stage.play(26)
    assert longest_silence(pcm) < 0.05
    assert playing[-1].title == "Two"
    assert np.array_equal(pcm[SECOND : 13 * SECOND], one[SECOND : 13 * SECOND])
    assert np.array_equal(pcm[-2 * SECOND :], two[(heard := _heard(stage)) - 2 * SECOND : heard])
    assert [take.info.id for take in bank.takes()] == ["two"]


def test_a_take_that_can_not_be_opened_is_passed_over(stage: Any, bank: Bank, publish: Callable[..., Pcm]) -> None:
    """A take that vanished after it was listed costs nothing: the next one is taken."""
    publish("one", 30)
    publish("two", 20)
    publish("three", 20)
    stage.play(2)
    assert len(bank.takes()) == 3
    (bank.root / "two" / "take.flac").unlink()
    _, playing = stage.play(28)
    assert playing[-1].title == "Three"


def test_a_card_that_stalls_is_left_by_a_crossfade(stage: Any, publish: Callable[..., Pcm]) -> None:
    """When nothing more can be read, what is decoded is enough for another take to come in by a crossfade."""
    one = publish("one", 60, seed=1)
    two = publish("two", 20, seed=2)
    first, _ = stage.play(1)
    stage.stalled.add("one")
    pcm, playing = stage.play(30)
    pcm = np.concatenate((first, pcm))
    assert longest_silence(pcm) < 0.05
    assert playing[-1].title == "Two"
    assert np.array_equal(pcm[SECOND : 20 * SECOND], one[SECOND : 20 * SECOND])
    assert np.array_equal(pcm[-2 * SECOND :], two[(heard := _heard(stage)) - 2 * SECOND : heard])


def test_when_everything_stalls_the_shipped_take_in_memory_plays(
    make_stage: Callable[..., Any], publish: Callable[..., Pcm], ship: Callable[..., Shipped], tmp_path: Path
) -> None:
    """With the director hanging too, a shipped take from memory comes in by a crossfade, and after it the bed."""
    shipped = ship("shipped-one")
    shutil.rmtree(tmp_path / "shipped")
    publish("one", 60, seed=1)
    stage = make_stage(shipped=shipped)
    stage.play(1)
    waiting = stage.timeline.standing_by
    pcm, playing = stage.play(24, looking=False)
    assert playing[-1].title == "Shipped-One"
    while waiting.fill():
        pass
    rest, playing = stage.play(60, looking=False)
    assert playing[-1].origin == "bed"
    assert longest_silence(np.concatenate((pcm, rest))) < 0.05


def test_what_has_nothing_decoded_is_passed_over(
    make_stage: Callable[..., Any], publish: Callable[..., Pcm], ship: Callable[..., Shipped]
) -> None:
    """A committed take of which nothing is decoded does not go on air: what stands by comes in, by a crossfade."""
    publish("one", 20)
    publish("two", 20)
    stage = make_stage(shipped=ship("shipped-one"))
    stage.play(10)
    stage.timeline.commit(Deck(stage.timeline.entering.candidate))  # never started
    stage.notices.drain()
    pcm, playing = stage.play(12, looking=False)
    assert playing[-1].title == "Shipped-One"
    assert longest_silence(pcm) < 0.05
    assert "ran_dry" not in stage.notices.drain()


class _StallingReader:
    """A card that stops answering after some seconds, until it is let go."""

    def __init__(self, reader: TakeReader, seconds: float, let_go: threading.Event) -> None:
        self._reader, self._left, self._let_go = reader, round(seconds * SECOND), let_go
        self.stalled = threading.Event()
        self.closed = threading.Event()

    def read(self, frames: int) -> Pcm:
        """Return audio, or hang."""
        if self._left <= 0:
            self.stalled.set()
            self._let_go.wait(30)
        self._left -= frames
        return self._reader.read(frames)

    def close(self) -> None:
        """Close the file."""
        self._reader.close()
        self.closed.set()


@pytest.fixture
def let_go() -> Iterator[threading.Event]:
    """Return an event that lets stalled readers go, at the latest at the end of the test."""
    event = threading.Event()
    yield event
    event.set()


def test_a_hanging_read_never_holds_up_a_block(
    stage: Any, bank: Bank, publish: Callable[..., Pcm], monkeypatch: pytest.MonkeyPatch, let_go: threading.Event
) -> None:
    """With real threads: a read that hangs leaves the blocks coming; once it returns, the file is closed."""
    publish("one", 60, seed=1)
    publish("two", 20, seed=2)
    readers = []

    def open_stalling(take: Any) -> Any:
        reader = TakeReader(take.audio)
        if take.info.id != "one":
            return reader
        readers.append(_StallingReader(reader, 28, let_go))
        return readers[-1]

    monkeypatch.setattr(bank, "open", open_stalling)
    stage.director._start_deck = Deck.start
    stage.look()
    until = time.monotonic() + 10
    while stage.timeline.entering is None and time.monotonic() < until:
        stage.look()
        time.sleep(0.01)
    assert stage.timeline.entering.playing.title == "One"
    stage.timeline.next_block()
    assert readers[0].stalled.wait(10)
    parts = []
    for _ in range(300):
        stage.look()
        if stage.director._loading is not None:
            time.sleep(0.02)  # the hand-made clock runs far faster than a real deck decodes
        parts.append(stage.timeline.next_block())
        stage.clock.sleep(0.005)
    assert parts[-1].playing.title == "Two"
    assert longest_silence(np.concatenate([part.pcm for part in parts])) < 0.05
    assert not readers[0].closed.is_set()
    let_go.set()
    assert readers[0].closed.wait(5)
    stage.timeline.close()
    stage.director.close()


def _heard(stage: Any) -> int:
    """Return the frame of the take on air that was heard last."""
    heard: int = stage.timeline.on_air.position - stage.timeline._limiter.latency
    return heard
