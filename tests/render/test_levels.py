"""Levels: the table is true, what is not in it is measured, and its cache may fail."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from latentfm.audio import loudness
from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.render import levels, soundfonts
from latentfm.render.events import Note
from latentfm.render.levels import REGISTERS, Calibration
from latentfm.render.synth import Synth

UNLISTED = (8, 4)  # a variation that the shipped table leaves out


def test_the_shipped_table_covers_general_midi() -> None:
    """All 128 programs, the usual kits and the instruments that ship are in it, measured as this code measures."""
    table = levels.shipped()
    assert (table.method, table.velocity, table.registers) == (levels.METHOD, levels.VELOCITY, REGISTERS)
    fluid, *made = sorted(table.fonts.values(), key=lambda font: font.name != soundfonts.DEFAULT_FILE)
    assert {font.name for font in made} == {path.name for path in soundfonts.SHIPPED.glob("*.sf2")}
    assert all(font.levels for font in made)
    assert set(fluid.levels) >= {f"0:{program}" for program in range(128)} | {
        f"128:{kit}" for kit in (0, 8, 16, 24, 25, 32, 40)
    }


@pytest.mark.parametrize(("bank", "program"), [(0, 0), (0, 11), (0, 48), (128, 40)])
def test_the_shipped_table_is_what_is_measured(bank: int, program: int, font: Path) -> None:
    """Measured again, programs have the levels of the table; FluidSynth 2.3 and 2.4 differ by up to 0.4 LU."""
    listed = levels.shipped().fonts[soundfonts.checksum(font)].levels[f"{bank}:{program}"]
    assert levels.measure(font, bank, program) == pytest.approx(listed, abs=0.5)


def test_levels_are_interpolated_between_registers(font: Path) -> None:
    """At a register's middle its level counts, half way the mean, and beyond the last one the last."""
    lowest, low, _, high = levels.shipped().fonts[soundfonts.checksum(font)].levels["0:11"]
    assert lowest is not None
    assert low is not None
    calibration = Calibration()
    assert calibration.level(font, 0, 11, REGISTERS[1]) == low
    assert calibration.level(font, 0, 11, sum(REGISTERS[:2]) / 2) == pytest.approx((lowest + low) / 2)
    assert calibration.level(font, 0, 11, 127) == high


def test_what_swells_is_measured_held(font: Path) -> None:
    """A pad that takes seconds to open is as loud as it gets when it is held, not as loud as a short note of it."""
    sweep = levels.shipped().fonts[soundfonts.checksum(font)].levels["0:95"][1]
    with Synth() as synth:
        channel = synth.add_channel(font, 0, 95)
        held = synth.play([Note(channel, REGISTERS[1], levels.VELOCITY, 0, 4 * SAMPLE_RATE)], 4 * SAMPLE_RATE)
    assert sweep == pytest.approx(loudness.integrated(held), abs=0.6)
    assert sweep > loudness.integrated(held[: SAMPLE_RATE // 2]) + 3


def test_a_closed_filter_is_a_program_of_its_own(font: Path) -> None:
    """What is darker is measured so: a closed filter takes loudness, and the level gives it back."""
    calibration = Calibration()
    open_, closed = (calibration.level(font, 0, 71, 70, darker) for darker in (0.0, 3.0))
    assert closed < open_ - 3


def test_what_is_not_listed_is_measured_once_and_kept(font: Path, tmp_path: Path) -> None:
    """A program that is not in the table is measured on first use, and read from the cache from then on."""
    cache = tmp_path / "levels.json"
    with capture_logs() as logs:
        measured = Calibration(cache).level(font, *UNLISTED, 60)
    assert [entry["event"] for entry in logs] == ["program_measured"]
    with capture_logs() as logs:
        assert Calibration(cache).level(font, *UNLISTED, 60) == measured
    assert not logs
    (kept,) = json.loads(cache.read_text())["fonts"].values()
    assert list(kept["levels"]) == ["8:4"]


@pytest.mark.parametrize("content", ["", "{", '{"fonts": {"x": 1}}', '{"method": "other", "fonts": {}}'])
def test_a_damaged_cache_costs_time_only(content: str, font: Path, tmp_path: Path) -> None:
    """A cache that can't be read, or was measured otherwise, is measured and written anew."""
    cache = tmp_path / "levels.json"
    cache.write_text(content)
    assert -40 < Calibration(cache).level(font, *UNLISTED, 60) < -10
    assert "8:4" in cache.read_text()


def test_a_cache_that_cannot_be_written_is_logged(font: Path, tmp_path: Path) -> None:
    """Where the state folder is gone, levels stay in memory."""
    calibration = Calibration(tmp_path / "gone" / "levels.json")
    with capture_logs() as logs:
        first = calibration.level(font, *UNLISTED, 60)
        assert calibration.level(font, *UNLISTED, 60) == first
    assert [entry["event"] for entry in logs] == ["program_measured", "levels_not_kept"]
