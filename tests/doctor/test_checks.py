"""What the checks find, of real servers, files and libraries."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from icecast_server import Icecast, source
from latentfm.config import Config, load_config
from latentfm.doctor import machine, music
from latentfm.doctor.finding import Finding
from latentfm.doctor.icecast import look_at_icecast
from latentfm.models.folders import SHIPPED


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., Config]:
    """Return a function that makes a configuration of TOML, with a state folder of its own."""

    def make(toml: str = "") -> Config:
        path = tmp_path / "config.toml"
        path.write_text(f'station.state_dir = "state"\n{toml}')
        return load_config(path, {})

    return make


@pytest.fixture
def sending(tmp_path: Path, configured: Callable[..., Config], icecast: Icecast) -> Callable[[str], Config]:
    """Return a function that makes a configuration with an output to the Icecast, by a password."""

    def make(password: str) -> Config:
        file = tmp_path / "password"
        file.write_text(password)
        file.chmod(0o600)
        return configured(f'[[outputs]]\ntype = "icecast"\nurl = "{icecast.url}"\npassword_file = "password"\n')

    return make


def only(findings: Any) -> Finding:
    """Return the one thing that was found."""
    (finding,) = findings
    assert isinstance(finding, Finding)
    return finding


def test_icecast_lets_the_station_in_or_says_why_not(icecast: Icecast, sending: Callable[[str], Config]) -> None:
    """A server that is not there, a wrong password and a right one are told apart, and no password is printed."""
    found = only(look_at_icecast(sending("wrong sesame")))
    assert (found.state, "can't be reached" in found.text) == ("failed", True)
    icecast.start()
    found = only(look_at_icecast(sending("wrong sesame")))
    assert (found.state, "401" in found.text) == ("failed", True)
    assert "sesame" not in found.model_dump_json()
    found = only(look_at_icecast(sending(icecast.password)))
    assert (found.state, "lets 'source' in" in found.text) == ("ok", True)
    found = only(look_at_icecast(sending("")))
    assert (found.state, "it should hold the password" in found.text) == ("failed", True)


def test_a_source_on_air_stays_there(
    icecast: Icecast, sending: Callable[[str], Config], eventually: Callable[..., None], program: Callable[..., str]
) -> None:
    """Of a mount that is taken the password is judged too, and whoever is on it notices nothing."""
    icecast.start()
    with source(program("ffmpeg"), icecast, "sine=frequency=440:sample_rate=48000") as ffmpeg:
        eventually(icecast.mount, 10, "the source did not connect")
        found = only(look_at_icecast(sending(icecast.password)))
        assert (found.state, "a source is on the mount" in found.text) == ("ok", True)
        assert only(look_at_icecast(sending("wrong"))).state == "failed"
        time.sleep(1)
        assert ffmpeg.poll() is None
        assert icecast.mount()


def test_no_icecast_is_no_fault(configured: Callable[..., Config]) -> None:
    """A station without such an output has nothing to reach."""
    assert only(look_at_icecast(configured())).state == "ok"


def test_a_damaged_model_is_named(
    tmp_path: Path, configured: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One flipped bit in a file of 100 kB is found, and what to do about it is said; the others are counted."""
    for suffix in (".json", ".tflite"):
        shutil.copy(SHIPPED / f"improv{suffix}", tmp_path / f"improv{suffix}")
    damaged = bytearray((tmp_path / "improv.tflite").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / "improv.tflite").write_bytes(damaged)
    monkeypatch.setenv("LATENTFM_MODELS", str(tmp_path))
    failed, sound = music.look_at_weights(configured())
    assert failed.state == "failed"
    assert f"{tmp_path}/improv.tflite is damaged" in failed.text
    assert "import improv again" in failed.remedy
    assert (sound.state, sound.text[:2]) == ("ok", "10")


def test_a_soundfont_that_is_none_is_named(tmp_path: Path, configured: Callable[..., Config]) -> None:
    """A file that is no SoundFont is one line; the default font of another mood is looked at all the same."""
    (tmp_path / "playlists").mkdir()
    (tmp_path / "fake.sf2").write_bytes(b"RIFF\4\0\0\0JUNK")
    voices = "".join(f'[[voices]]\nrole = "{role}"\nsoundfont = "{{font}}"\n' for role in ("lead", "pad", "bass"))
    for name, font in (("odd", tmp_path / "fake.sf2"), ("even", "default")):
        text = f'title = "{name}"\n' + voices.format(font=font)
        (tmp_path / "playlists" / f"{name}.toml").write_text(text)
    entry = '[programme]\nplaylist = "odd"\n[[programme.entries]]\nat = "12:00"\nplaylist = "even"\n'
    failed, sound = music.look_at_soundfonts(configured(entry))
    assert failed.state == "failed"
    assert "fake.sf2 is not a SoundFont" in failed.text
    assert (sound.state, sound.text.endswith("1 programs sound")) == ("ok", True)


def test_encoders_are_heard(configured: Callable[..., Config], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each format gives a tone back; one that encodes something else is found out."""
    assert {finding.state for finding in music.look_at_encoders(configured())} == {"ok"}
    monkeypatch.setattr("latentfm.broadcast.encoders._FULL_SCALE", 10)
    first = next(iter(music.look_at_encoders(configured())))
    assert first.state == "failed"
    assert first.text.startswith("mp3: ")


def test_a_state_folder_that_can_not_be_written_is_named(configured: Callable[..., Config]) -> None:
    """A folder is made where it can be, and left as it was; where nothing can be written, that is a fault."""
    config = configured()
    assert only(machine.look_at_state(config)).state == "ok"
    assert not config.station.state_dir.exists()
    lost = config.model_copy(update={"station": config.station.model_copy(update={"state_dir": Path("/proc/radio")})})
    found = only(machine.look_at_state(lost))
    assert (found.state, found.text.startswith("/proc can't be written: ")) == ("failed", True)
    assert "state_dir" in found.remedy


class Usage(NamedTuple):
    """What ``shutil.disk_usage`` returns."""

    total: int
    used: int
    free: int


@pytest.mark.parametrize(("free", "state"), [(10**8, "failed"), (5 * 10**9, "warning"), (20 * 10**9, "ok")])
def test_room_on_the_disk(
    configured: Callable[..., Config], monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    """A disk that is full is a fault; one that bank and history may fill is worth a warning."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(free, 0, free))
    found = only(machine.look_at_disk(configured()))
    assert found.state == state
    assert bool(found.remedy) == (state != "ok")


def test_the_clock(configured: Callable[..., Config], monkeypatch: pytest.MonkeyPatch) -> None:
    """A year that can't be is a fault, a clock that nobody keeps right is a warning."""
    answers = {True: "ok", None: "ok", False: "warning"}
    assert machine.synchronised() in answers
    for synchronised, state in answers.items():
        monkeypatch.setattr(machine, "synchronised", lambda kept=synchronised: kept)
        assert only(machine.look_at_clock(configured())).state == state
    monkeypatch.setattr(machine, "_EARLIEST", machine._LATEST)
    assert only(machine.look_at_clock(configured())).state == "failed"


def test_the_kernel_agrees_about_the_clock() -> None:
    """What adjtimex answers is what systemd makes of it, where systemd can be asked."""
    asked = shutil.which("timedatectl")
    if asked is None:
        pytest.skip("there is no timedatectl here")
    shown = subprocess.run(
        [asked, "show", "--property=NTPSynchronized", "--value"],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    if shown.returncode != 0:
        pytest.skip("systemd does not run here")
    assert machine.synchronised() == (shown.stdout.strip() == "yes")


def test_speakers_alone_need_no_icecast(configured: Callable[..., Config]) -> None:
    """A station that only plays on a sound card has a line about that, and no failure."""
    (finding,) = look_at_icecast(configured('[[outputs]]\ntype = "soundcard"\n'))
    assert (finding.state, finding.text) == ("ok", "no output goes to one")
