"""SoundFonts: found by name, and refused with the reason where they are none."""

from __future__ import annotations

import hashlib
import os
import struct
from pathlib import Path

import pytest

from latentfm.errors import SoundFontError
from latentfm.render import soundfonts

RECORDS = {"phdr": 38, "pbag": 4, "pmod": 10, "pgen": 4, "inst": 22, "ibag": 4, "imod": 10, "igen": 4, "shdr": 46}


def chunk(name: str, data: bytes) -> bytes:
    """Return a RIFF chunk."""
    return name.encode() + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def build(*, info: bool = True, form: str = "sfbk", samples: str = "smpl", **sizes: int) -> bytes:
    """Return the smallest file that is built like a SoundFont; ``sizes`` are bytes of single tables."""
    tables = b"".join(chunk(name, bytes(sizes.get(name, 2 * record))) for name, record in RECORDS.items())
    lists = [
        chunk("LIST", b"INFO" + chunk("ifil", bytes(4)) + chunk("INAM", b"odd")) if info else b"",
        chunk("LIST", b"sdta" + chunk(samples, bytes(92))),
        chunk("LIST", b"pdta" + tables),
    ]
    return chunk("RIFF", form.encode() + b"".join(lists))


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder that is searched."""
    monkeypatch.setattr(soundfonts, "_SYSTEM", ())
    monkeypatch.setattr(soundfonts, "_CHECKOUT", tmp_path / "none")
    monkeypatch.setenv(soundfonts.FOLDERS_VARIABLE, f"{tmp_path / 'absent'}{os.pathsep}{tmp_path}")
    return tmp_path


def test_the_default_is_the_general_midi_font_of_the_system() -> None:
    """The default is FluidR3, whole, with the checksum that the table of levels knows."""
    path = soundfonts.find("default")
    assert path.name == "FluidR3_GM.sf2"
    assert soundfonts.find("FluidR3_GM") == soundfonts.find(str(path)) == path


def test_a_font_is_found_by_name_with_and_without_suffix(only: Path) -> None:
    """The artist's folders are searched, and a font may be named without its suffix."""
    (only / "own.sf2").write_bytes(build())
    assert soundfonts.find("own") == soundfonts.find("own.sf2") == only / "own.sf2"


def test_the_artists_folders_come_before_the_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A FluidR3 of the artist's own takes the place of the system's."""
    (tmp_path / "FluidR3_GM.sf2").write_bytes(build())
    monkeypatch.setenv(soundfonts.FOLDERS_VARIABLE, str(tmp_path))
    assert soundfonts.find() == tmp_path / "FluidR3_GM.sf2"


def test_a_missing_default_says_how_to_install_it(only: Path) -> None:
    """Without FluidR3 the error names the package."""
    with pytest.raises(SoundFontError, match="apt install fluid-soundfont-gm"):
        soundfonts.find()


def test_a_missing_font_says_where_it_was_sought(only: Path) -> None:
    """Another font that is missing is named, with the folders that were searched."""
    with pytest.raises(SoundFontError, match=f"'strings'.*{only}"):
        soundfonts.find("strings")


@pytest.mark.parametrize("name", ["", "../FluidR3_GM", "sub/font.sf2", ".."])
def test_a_name_is_no_relative_path(name: str, only: Path) -> None:
    """A name can't lead out of the folders."""
    with pytest.raises(SoundFontError):
        soundfonts.find(name)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "begins with b''"),
        (b"MThd\0\0\0\6", "begins with b'MThd'"),
        (build(form="WAVE"), "form b'WAVE'"),
        (build()[:-50], "cut short"),
        (build(info=False), "INFO is missing"),
        (build(samples="junk"), "no samples"),
        (build(pgen=0), "pgen has 0 bytes, not 2 or more records of 4"),
        (build(shdr=93), "shdr has 93 bytes"),
        (build(phdr=38), "phdr has 38 bytes"),
        (build().replace(b"igen" + struct.pack("<I", 8), b"igen" + struct.pack("<I", 9999)), "longer than what holds"),
        (build().replace(b"imod", b"xmod"), "table imod is missing"),
    ],
)
def test_what_is_no_whole_soundfont_is_refused(content: bytes, reason: str, only: Path) -> None:
    """Other files, and SoundFonts that are cut short or damaged, are refused with what was found."""
    (only / "bad.sf2").write_bytes(content)
    with pytest.raises(SoundFontError, match=reason):
        soundfonts.find("bad")


def test_the_beginning_of_a_real_font_is_refused(font: Path, only: Path) -> None:
    """A download that stopped after a megabyte is refused."""
    with font.open("rb") as file:
        (only / "half.sf2").write_bytes(file.read(1 << 20))
    with pytest.raises(SoundFontError, match="cut short"):
        soundfonts.find("half")


def test_a_checksum_follows_the_files_content(only: Path) -> None:
    """The checksum is SHA-256, and a file that was written again is read again."""
    path = only / "own.sf2"
    path.write_bytes(b"one")
    assert soundfonts.checksum(path) == hashlib.sha256(b"one").hexdigest()
    path.write_bytes(b"another")
    assert soundfonts.checksum(path) == hashlib.sha256(b"another").hexdigest()


def test_a_file_that_did_not_change_is_read_once(only: Path) -> None:
    """A file of the same size and time of change is not read again."""
    path = only / "own.sf2"
    path.write_bytes(b"one")
    first, state = soundfonts.checksum(path), path.stat()
    path.write_bytes(b"two")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert soundfonts.checksum(path) == first


def test_a_file_that_is_gone_is_an_error_of_its_own_kind(only: Path) -> None:
    """What can't be read raises a SoundFontError, not an OSError."""
    for ask in (soundfonts.checksum, soundfonts.verify):
        with pytest.raises(SoundFontError, match="can't be read"):
            ask(only / "gone.sf2")
