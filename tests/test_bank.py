"""The bank: takes on disk, written whole or not at all, read back with suspicion."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from structlog.testing import capture_logs

from full_disk import full_disk
from latentfm.audio.pcm import Pcm
from latentfm.bank import Bank, Quota, TakeReader, free_bytes, read_take, replace_file, write_take
from latentfm.bank.room import RESERVE
from latentfm.brief import Carry, Idea, Key
from latentfm.errors import BankError
from latentfm.take import Seam, TakeInfo

MIDI = b"MThd\0\0\0\6"
FRAMES = 24_000


def info(take_id: str, playlist: str = "day", section: int = 1) -> TakeInfo:
    """Return the description of half a second of audio."""
    key = Key(tonic=2, mode="dorian")
    return TakeInfo(
        id=take_id,
        title=take_id.title(),
        playlist=playlist,
        seed=1,
        attempt=0,
        key=key,
        qpm=60.0,
        frames=FRAMES,
        lufs=-16.0,
        true_peak=-1.0,
        max_silence=0.5,
        seam=Seam(head=1000, outs=(20_000,)),
        carry=Carry(section=section, key=key, qpm=60.0, latent=(0.5,)),
        provenance={"seed": 1, "chords": ["Dm7"]},
    )


def noise(seed: int = 1) -> Pcm:
    """Return half a second of noise."""
    return (np.random.default_rng(seed).standard_normal((FRAMES, 2)) * 0.1).astype(np.float32)


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    """Return an empty bank."""
    return Bank(tmp_path / "bank", tmp_path / "state")


def ids(bank: Bank) -> list[str]:
    """Return the ids of the bank's takes."""
    return [take.info.id for take in bank.takes()]


def test_a_take_comes_back_as_it_was_published(bank: Bank) -> None:
    """Description and MIDI are the same, and the audio is the same to 16 bits and their dither."""
    audio = noise()
    take = bank.publish(info("one"), audio, MIDI)
    assert [one.folder for one in bank.takes()] == [take.folder]
    assert take.info == info("one")
    assert (take.folder / "take.mid").read_bytes() == MIDI
    assert sf.info(take.audio).subtype == "PCM_16"
    with bank.open(take) as reader:
        parts = [reader.read(5000) for _ in range(6)]
    assert [len(part) for part in parts] == [5000, 5000, 5000, 5000, 4000, 0]
    assert np.abs(np.concatenate(parts) - audio).max() <= 1.5 * 2**-15
    assert parts[0].dtype == np.float32


def test_a_take_is_never_written_again(bank: Bank) -> None:
    """A second take of the same id is refused and the first one stays."""
    bank.publish(info("one"), noise(1), MIDI)
    before = (bank.root / "one" / "take.flac").read_bytes()
    with pytest.raises(BankError, match="never written again"):
        bank.publish(info("one"), noise(2), MIDI)
    assert (bank.root / "one" / "take.flac").read_bytes() == before


def test_audio_of_another_length_is_refused(bank: Bank) -> None:
    """What the description promises is what is written."""
    with pytest.raises(BankError, match="shape"):
        bank.publish(info("one"), noise()[:-1], MIDI)
    assert ids(bank) == []


def test_a_full_disk_leaves_nothing_behind(bank: Bank) -> None:
    """A write that fails raises BankError, and neither a take nor a temporary folder stays."""
    bank.publish(info("one"), noise(), MIDI)
    with full_disk(20_000), pytest.raises(BankError, match="can't be written"):
        write_take(bank.root, info("two"), noise(), MIDI)
    assert [path.name for path in bank.root.iterdir()] == ["one"]
    bank.publish(info("two"), noise(), MIDI)
    assert sorted(ids(bank)) == ["one", "two"]


@pytest.mark.parametrize(
    "damage", ["no json", "bad json", "other id", "extra key", "no audio", "cut header", "mono", "short", "mp3"]
)
def test_a_damaged_take_is_skipped_and_logged_once(bank: Bank, damage: str) -> None:
    """Whatever is wrong with a folder, the others are listed, and the log names it once."""
    bank.publish(info("one"), noise(), MIDI)
    folder = bank.publish(info("two"), noise(), MIDI).folder
    document, audio = folder / "take.json", folder / "take.flac"
    if damage == "no json":
        document.unlink()
    elif damage == "bad json":
        document.write_bytes(b"\xff{")
    elif damage == "other id":
        document.write_text(info("three").model_dump_json())
    elif damage == "extra key":
        document.write_text(json.dumps({**info("two").model_dump(), "surprise": 1}))
    elif damage == "no audio":
        audio.unlink()
    elif damage == "cut header":
        audio.write_bytes(audio.read_bytes()[:20])
    elif damage == "mono":
        sf.write(audio, noise()[:, 0], 48_000, subtype="PCM_24")
    elif damage == "short":
        sf.write(audio, noise()[:100], 48_000, subtype="PCM_24")
    else:
        sf.write(audio, noise(), 44_100, format="MP3")
    with capture_logs() as logs:
        fresh = Bank(bank.root, bank.root.parent / "state")
        assert [ids(fresh) for _ in range(3)] == [["one"]] * 3
    assert [(entry["event"], entry["take"]) for entry in logs] == [("take_damaged", "two")]


def test_strangers_in_the_folder_do_no_harm(bank: Bank) -> None:
    """Files, hidden folders and takes being written are no takes."""
    bank.publish(info("one"), noise(), MIDI)
    (bank.root / "notes.txt").write_text("hello")
    (bank.root / ".making-two-1234").mkdir()
    with capture_logs() as logs:
        assert ids(bank) == ["one"]
    assert logs == []


def test_leftovers_are_swept_at_start(bank: Bank) -> None:
    """What a killed writer left is removed, and nothing else."""
    bank.publish(info("one"), noise(), MIDI)
    for name in (".making-two-1234", ".going-three-5678"):
        (bank.root / name).mkdir()
        (bank.root / name / "take.flac").write_bytes(b"x")
    assert bank.sweep() == 2
    assert [path.name for path in bank.root.iterdir()] == ["one"]
    assert Bank(bank.root / "nowhere", bank.root).sweep() == 0


def test_an_absent_folder_is_an_empty_bank(tmp_path: Path) -> None:
    """A bank that nothing was published to is empty, and says so without a fault."""
    assert Bank(tmp_path / "nowhere", tmp_path).takes() == ()


def test_what_has_aired_outlives_a_restart(bank: Bank, tmp_path: Path) -> None:
    """Airings are remembered in their order by the next station."""
    for name in ("one", "two", "three"):
        bank.publish(info(name), noise(), MIDI)
    bank.aired.mark("two")
    bank.aired.mark("one")
    bank.aired.mark("two")
    again = Bank(bank.root, tmp_path / "state")
    assert [take.info.id for take in again.unaired()] == ["three"]
    assert [take.info.id for take in again.least_recently_aired()] == ["three", "one", "two"]
    assert again.newest() is not None


def test_takes_are_told_apart_by_mood(bank: Bank) -> None:
    """A playlist's takes are those made for it, the newest last."""
    bank.publish(info("one", "day"), noise(), MIDI)
    bank.publish(info("two", "night"), noise(), MIDI)
    bank.publish(info("three", "day"), noise(), MIDI)
    assert [take.info.id for take in bank.takes("day")] == ["one", "three"]
    newest = bank.newest("night")
    assert newest is not None
    assert newest.info.id == "two"
    assert bank.newest("dusk") is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"aired": 3}', b"\xff"])
def test_a_damaged_memory_is_forgotten(tmp_path: Path, content: bytes) -> None:
    """A file that can't be read back costs the memory of airings and nothing else."""
    (tmp_path / "aired.json").write_bytes(content)
    bank = Bank(tmp_path / "bank", tmp_path)
    assert "one" not in bank.aired
    bank.aired.mark("one")
    assert "one" in Bank(tmp_path / "bank", tmp_path).aired


def test_a_memory_that_can_not_be_saved_is_logged_once(bank: Bank) -> None:
    """On a full disk airings are still remembered until the station ends."""
    with capture_logs() as logs, full_disk(0):
        bank.aired.mark("one")
        bank.aired.mark("two")
    assert [entry["event"] for entry in logs] == ["aired_unsaved"]
    assert "two" in bank.aired


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """A write that fails leaves the old content and no temporary file."""
    path = tmp_path / "state.json"
    replace_file(path, b"old")
    with full_disk(10), pytest.raises(OSError, match=r"."):
        replace_file(path, b"x" * 100)
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["state.json"]


def test_the_quota_takes_the_oldest_airings_first(tmp_path: Path) -> None:
    """By count: aired takes go first, the one that aired longest ago before the others, then the oldest unaired."""
    bank = Bank(tmp_path / "bank", tmp_path, Quota(max_takes=3))
    for name in ("one", "two", "three", "four", "five"):
        bank.publish(info(name), noise(), MIDI)
    for name in ("four", "two", "three"):
        bank.aired.mark(name)
    assert bank.trim(keep={"two"}) == 2
    assert sorted(ids(bank)) == ["five", "one", "two"]
    assert bank.trim() == 0


def test_the_quota_counts_bytes_and_leaves_a_take(tmp_path: Path) -> None:
    """By size: takes go until the rest fits, but the last one stays whatever its size."""
    bank = Bank(tmp_path / "bank", tmp_path, Quota(max_bytes=1))
    for name in ("one", "two", "three"):
        bank.publish(info(name), noise(), MIDI)
    assert bank.trim() == 2
    assert ids(bank) == ["three"]
    assert not list(bank.root.glob(".going-*"))


def aged(bank: Bank, days: dict[str, float]) -> None:
    """Publish takes, each so many days ago; the newest last. Those of a name that begins with ``a`` have aired."""
    for name, age in days.items():
        take = bank.publish(info(name, "night" if name.endswith("night") else "day"), noise(), MIDI)
        then = time.time() - age * 86_400
        os.utime(take.folder, (then, then))
        if name.startswith("a"):
            bank.aired.mark(name)


def test_what_aired_goes_after_so_many_days(tmp_path: Path) -> None:
    """By age: what has aired goes, but for the newest five of a mood; what has not aired, and what is kept, stays."""
    bank = Bank(tmp_path / "bank", tmp_path, Quota(keep_days=30))
    aged(bank, {"a-kept": 50, "a1": 40, "unaired": 39, "a2": 38, "a-night": 37})
    aged(bank, {f"b{number}": 35 - number for number in range(RESERVE)})
    assert bank.trim(keep={"a-kept"}) == 2
    assert sorted(ids(bank)) == ["a-kept", "a-night", "b0", "b1", "b2", "b3", "b4", "unaired"]
    assert bank.trim(keep={"a-kept"}) == 0


def test_no_limit_of_days_keeps_all(tmp_path: Path) -> None:
    """Zero days is no limit; and takes from the future, of a clock that was set back, are not old."""
    for quota, age in ((Quota(keep_days=0), 4_000.0), (Quota(keep_days=30), -4_000.0)):
        bank = Bank(tmp_path / str(age), tmp_path / f"state{age}", quota)
        aged(bank, {f"a{number}": age for number in range(RESERVE + 2)})
        assert bank.trim() == 0


def test_a_clock_that_was_years_behind_leaves_every_mood_something(tmp_path: Path) -> None:
    """A board without a clock chip publishes in the past; once the time is right, five of each mood are still there."""
    bank = Bank(tmp_path / "bank", tmp_path, Quota(keep_days=1))
    aged(bank, {f"a{number}": 9_000.0 - number for number in range(RESERVE + 3)})
    aged(bank, {"a-night": 9_500.0})
    assert bank.trim() == 3
    assert len(bank.takes("day")) == RESERVE
    assert len(bank.takes("night")) == 1


@pytest.mark.parametrize(
    ("free", "left"),
    [
        (2_000_000_000, ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "fresh"]),  # enough
        (1_000_000_000, ["a3", "a4", "a5", "a6", "fresh"]),  # low: what has aired goes, but for the reserve
        (1_000_000, ["fresh"]),  # no room for a new take: all but one
    ],
)
def test_a_disk_that_runs_low(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, left: list[str]) -> None:
    """Whoever fills it: takes go, and it is told once, until there is room again."""
    bank = Bank(tmp_path / "bank", tmp_path)
    aged(bank, {f"a{number}": 7.0 - number for number in range(7)} | {"fresh": 0.0})
    monkeypatch.setattr("latentfm.bank.bank.free_bytes", lambda _: free)
    with capture_logs() as logs:
        for _ in range(3):
            bank.trim()
    assert ids(bank) == left
    low = [entry for entry in logs if entry["event"] == "disk_low"]
    assert len(low) == (free < 1_500_000_000)
    assert all(entry["takes_removed"] == 8 - len(left) for entry in low)
    monkeypatch.setattr("latentfm.bank.bank.free_bytes", lambda _: 10**10)
    with capture_logs() as logs:
        for _ in range(3):
            bank.trim()
    assert [entry["event"] for entry in logs] == ["disk_roomy"] * len(low)


def test_a_floor_is_met_with_no_more_than_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes go until the floor is reached; each counts with its size."""
    bank = Bank(tmp_path / "bank", tmp_path)
    aged(bank, {f"a{number}": 20.0 - number for number in range(12)})
    size = bank.takes()[0].size
    monkeypatch.setattr("latentfm.bank.bank.free_bytes", lambda _: 1_500_000_000 - 2 * size)
    assert bank.trim() == 2
    assert ids(bank)[0] == "a2"


def test_room_is_that_of_the_disk_itself(tmp_path: Path) -> None:
    """What ``df`` says, also of a folder that is not there yet; nothing for one that can't be asked."""
    here = shutil.disk_usage(tmp_path).free
    assert free_bytes(tmp_path) == pytest.approx(here, rel=0.2)
    assert free_bytes(tmp_path / "bank") == pytest.approx(here, rel=0.2)
    assert free_bytes(tmp_path / "no" / "bank") is None


def test_the_memory_of_what_aired_is_bounded(tmp_path: Path) -> None:
    """The file is written with each airing, so it holds little more than a bank may; the newest stay."""
    aired = Bank(tmp_path / "bank", tmp_path).aired
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("latentfm.bank.aired._REMEMBERED", 20)
        for number in range(30):
            aired.mark(f"take-{number}")
    assert list(aired.ranks()) == [f"take-{number}" for number in range(10, 30)]
    assert list(Bank(tmp_path / "bank", tmp_path).aired.ranks()) == list(aired.ranks())


def test_damaged_takes_are_the_first_to_go(tmp_path: Path) -> None:
    """They count in the quota, or a card that goes bad would fill the disk; but not while they are on air."""
    bank = Bank(tmp_path / "bank", tmp_path / "state", Quota(max_takes=2))
    for name in "abcd":
        bank.publish(info(name), noise(), MIDI)
    (tmp_path / "bank" / "c" / "take.flac").write_bytes(b"nothing")
    bank.condemn("d", "ends 3 s early")
    bank.condemn("elsewhere", "no take of the bank's")
    with capture_logs():
        assert bank.trim(keep={"d"}) == 2
    assert ids(bank) == ["b"]
    assert sorted(path.name for path in (tmp_path / "bank").iterdir()) == ["b", "d"]


def test_takes_are_in_order_after_the_clock_was_set_back(bank: Bank) -> None:
    """The newest take is the one made last, however old its files seem: the next order goes on from it."""
    for section, name in enumerate("ba"):
        folder = bank.publish(info(name, section=section + 1), noise(), MIDI).folder
        os.utime(folder, ns=(10**18 - section, 10**18 - section))
    assert ids(bank) == ["b", "a"]
    assert bank.newest() == bank.takes()[1]


def test_opus_is_read_from_memory(tmp_path: Path) -> None:
    """A take that ships is Opus, and decodes from bytes without a file."""
    path = tmp_path / "take.opus"
    sf.write(path, noise(), 48_000, format="OGG", subtype="OPUS")
    with TakeReader(path.read_bytes()) as reader:
        assert reader.frames == FRAMES
        lengths = [len(reader.read(5000)) for _ in range(6)]
    assert lengths == [5000, 5000, 5000, 5000, 4000, 0]


def test_a_truncated_take_raises_where_it_breaks_off(bank: Bank) -> None:
    """The reader gives what there is, then says that the rest can't be decoded."""
    take = bank.publish(info("one"), noise(), MIDI)
    content = take.audio.read_bytes()
    take.audio.write_bytes(content[: len(content) * 3 // 4])
    with bank.open(take) as reader:
        assert len(reader.read(4800)) == 4800
        with pytest.raises(BankError, match=r"one can't be decoded after 0\.1 s"):
            reader.read(FRAMES)


def test_bytes_that_are_no_audio_are_refused() -> None:
    """Anything that can't be decoded is a BankError, not a crash."""
    with pytest.raises(BankError, match="can't be opened"):
        TakeReader(b"no audio at all")


def test_the_bank_holds_little_of_a_take_in_memory(bank: Bank) -> None:
    """Of a take's provenance only what the next order needs is held; reading its folder returns all of it."""
    whole = {"fingerprint": "f", "chords": ["Dm7"], "brief": {"models": {"lead": "0"}, "playlist": {"name": "day"}}}
    described = info("one").model_copy(update={"provenance": whole})
    bank.publish(described, noise(), MIDI)
    (held,) = bank.takes()
    assert held.info.provenance == {"fingerprint": "f", "brief": {"models": {"lead": "0"}}}
    assert read_take(held.folder).info == described


def test_old_takes_take_little_memory(bank: Bank) -> None:
    """Of the newest the whole carry stays, of older ones where they stand; on the disk nothing is lost."""
    idea = Idea(latent=(0.5,) * 8, tune="0 4+2", steps=32, stretch=1, pitch=60.0, mode="major", section=0, title="Once")
    for number in range(20):
        one = info(f"take{number:02}")
        carry = one.carry.model_copy(update={"section": number, "motifs": (idea,), "latent": (1.0,) * 8})
        bank.publish(one.model_copy(update={"carry": carry}), noise(), MIDI)
    bank.takes()
    takes = bank.takes()
    assert [take.info.carry.section for take in takes] == list(range(20))
    assert [bool(take.info.carry.motifs) for take in takes] == [False] * 8 + [True] * 12
    assert takes[0].info.carry.key == takes[-1].info.carry.key
    assert read_take(takes[0].folder).info.carry.motifs == (idea,)
