"""An hour that is listened to: what is kept of each take, tries that fail, and what is said of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentfm import bank
from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.brief import Brief, Carry, Key
from latentfm.errors import GateError, ReportError
from latentfm.playlist import Playlist
from latentfm.report import hours, hours_page
from latentfm.report.hours import Heard, Hour, Reject
from latentfm.studio.identity import take_id
from latentfm.take import Seam, TakeInfo


class Maker:
    """Makes takes of noise, ten seconds each; fails where it is told to."""

    def __init__(self, failing: set[tuple[int, int]]) -> None:
        self.failing = failing
        self.briefs: list[Brief] = []

    def __call__(self, brief: Brief, folder: Path) -> TakeInfo:
        """Publish a take, or raise."""
        self.briefs.append(brief)
        section = brief.carry.section if brief.carry else 0
        if (section, brief.attempt) in self.failing:
            raise GateError(f"a loudness of -{section}.5 LUFS where -16.00 LUFS was asked for")
        rng = np.random.default_rng(section)
        audio = (0.1 * rng.standard_normal((10 * SAMPLE_RATE, 2))).astype(np.float32)
        audio[SAMPLE_RATE : 2 * SAMPLE_RATE] = 0.0
        key = Key(tonic=0, mode="major")
        info = TakeInfo(
            id=take_id(brief),
            title=f"Noise {section}",
            playlist=brief.playlist.name,
            seed=brief.seed,
            attempt=brief.attempt,
            key=key,
            qpm=100.0,
            frames=len(audio),
            lufs=-16.2,
            true_peak=-1.1,
            max_silence=2.0,
            seam=Seam(head=0, outs=(len(audio),)),
            carry=Carry(section=section + 1, key=key, qpm=100.0, latent=(0.0,)),
            provenance={
                "key": "C major",
                "motifs": [f"0 2+{section}"],
                "missed": [],
                "recalled": None,
                "fingerprint": f"print {section}",
            },
        )
        bank.write_take(folder, info, audio, b"")
        return info


def test_takes_are_measured_and_not_kept(short_day: Playlist, tmp_path: Path) -> None:
    """Each goes on from the last, is told what was heard, is measured as decoded, and leaves nothing behind."""
    make = Maker(set())
    hour = hours.listen(short_day, tmp_path, heard=2, seconds=35, make=make)
    assert len(hour.takes) == 4
    assert hour.seconds == 40.0
    assert hour.takes[0].silence == pytest.approx(1.0, abs=0.01)
    assert list(tmp_path.iterdir()) == []
    assert [brief.carry.section if brief.carry else 0 for brief in make.briefs] == [0, 1, 2, 3]
    assert make.briefs[3].heard == ("print 1", "print 2")
    assert hour.rejects == ()


def test_a_failing_brief_is_tried_again_and_counted(short_day: Playlist, tmp_path: Path) -> None:
    """A derived seed follows; a section that no try gives is given up, and the next one goes on from the last take."""
    make = Maker({(1, 0), *((2, attempt) for attempt in range(9))})
    hour = hours.listen(short_day, tmp_path, heard=12, seconds=30, make=make)
    assert len(hour.takes) == 3
    assert hour.given_up == 1
    assert [(one.section, one.attempt) for one in hour.rejects] == [(1, 0), (2, 0), (2, 1), (2, 2), (2, 3)]
    ((mood, error, reason, tries),) = hours_page.rejects([hour]).rows
    assert (mood, error, tries) == ("Day", "GateError", "5")
    assert reason == "a loudness of -1.5 LUFS where -16.00 LUFS was asked for"


def test_a_mood_that_never_works_ends(short_day: Playlist, tmp_path: Path) -> None:
    """When nothing comes of any brief the hour is not waited for."""
    make = Maker({(section, attempt) for section in range(50) for attempt in range(9)})
    with pytest.raises(ReportError, match=r"day: none of 5 sections gave a take; the last try: a loudness"):
        hours.listen(short_day, tmp_path, heard=12, seconds=30, make=make)


def _heard(number: int, motif: str, *, title: str = "", lufs: float = -16.0) -> Heard:
    return Heard(
        title=title or f"Title {number}",
        key=f"{'CDEFG'[number]} major",
        qpm=100.0 + number,
        seconds=100.0,
        lufs=lufs,
        asked=-16.0,
        true_peak=-1.2,
        silence=0.3,
        motifs=(motif, f"0 4+{number}"),
        missed=(),
        recalled=number == 2,
    )


def _hour(*takes: Heard) -> Hour:
    return Hour(mood="made-up", title="Made up", takes=takes, rejects=(), given_up=0, cpu_seconds=10.0)


def test_an_hour_that_holds_is_said_to_hold() -> None:
    """Different motifs, titles and one loudness: nothing is called a miss."""
    said = list(hours_page.verdicts([_hour(*(_heard(number, f"0 3-{number}") for number in range(4)))]))
    assert not [one for one in said if "MISSES" in one]
    assert "the most: 0%" in said[1]


def test_what_an_hour_misses_is_called_a_miss() -> None:
    """Sections that are alike, a title given twice, and two takes over 1 LU apart."""
    one, other = _heard(0, "0 3+1"), _heard(1, "0 3+1", title="Title 0", lufs=-17.5)
    alike = other.model_copy(update={"motifs": one.motifs})
    said = list(hours_page.verdicts([_hour(one, alike, _heard(2, "0 5+2"))]))
    assert "1.50 LU apart: MISSES" in said[0]
    assert "half of their motifs: 1; the most is 100%, sections 1 and 2." in said[1]
    assert "titles given twice: Title 0" in said[2]


def test_the_table_has_keys_tempi_and_peaks() -> None:
    """What is asked of an hour stands in it, a column for each mood."""
    hour = _hour(*(_heard(number, f"0 3-{number}") for number in range(3)))
    rows = {row[0]: row[1] for row in hours_page.table([hour]).rows}
    assert rows["pairs of sections"] == "3"
    assert rows["different keys"] == "3"
    assert rows["tempo, qpm, least to most"] == "100.0 to 102.0"
    assert rows["largest step of the tempo, qpm"] == "1.0"
    assert rows["true peak, highest, dBTP"] == "-1.20"
    assert rows["CPU seconds a minute of music"] == "2.00"
    assert rows["an older motif comes back, sections"] == "1"
    document = hours_page.markdown(
        [hour.model_copy(update={"rejects": (Reject(section=1, attempt=0, error="E", reason="R 5"),)})]
    )
    assert "| Made up | E | R 5 | 1 |" in document
