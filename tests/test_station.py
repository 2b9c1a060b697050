"""How the station's parts hang together; whole stations are in ``tests/faults``."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from latentfm.brief import Carry, Idea, Key
from latentfm.config import Config, load_config
from latentfm.ops.clock import SystemClock
from latentfm.planner import carry_from
from latentfm.playlist import Playlist
from latentfm.sources import Sources
from latentfm.station import Station
from latentfm.take import Seam, TakeInfo

VOICES = [{"role": "lead"}, {"role": "pad"}, {"role": "bass"}]
DAY = Playlist.model_validate({"name": "day", "title": "Day", "voices": VOICES})
KEY = Key(tonic=7, mode="major")
OLD = Idea(latent=(0.1,), tune="0 4+2", steps=32, stretch=1, pitch=60.0, mode="major", section=1, title="Old")
CARRY = Carry(section=4, key=KEY, qpm=100, latent=(0.5,), drums_latent=(0.25,), motifs=(OLD,), titles=("t",))
ELSEWHERE = CARRY.model_copy(update={"latent": ()})
MODELS = {"melody_2bar": "a", "drums_2bar": "b"}


def take(models: dict[str, str]) -> TakeInfo:
    """Return a take that was made by some models."""
    return TakeInfo(
        id="day-1",
        title="t",
        playlist="day",
        seed=1,
        attempt=0,
        key=CARRY.key,
        qpm=100,
        frames=1,
        lufs=-16,
        true_peak=-1,
        max_silence=0.5,
        seam=Seam(head=0, outs=(1,)),
        carry=CARRY,
        provenance={"brief": {"models": models}},
    )


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (MODELS, MODELS, CARRY),
        (MODELS, {"melody_2bar": "a"}, CARRY.model_copy(update={"drums_latent": None})),
        (MODELS, {**MODELS, "drums_2bar": "new"}, CARRY.model_copy(update={"drums_latent": None})),
        (MODELS, {**MODELS, "melody_2bar": "new"}, ELSEWHERE),
        ({}, MODELS, ELSEWHERE.model_copy(update={"drums_latent": None})),
    ],
)
def test_the_carry_holds_as_far_as_the_models_do(before: dict[str, str], now: dict[str, str], expected: Carry) -> None:
    """A latent point is handed on only to the model that it is a point of; key, tempo, motifs and titles always are."""
    assert carry_from(take(before), DAY, Sources(models=now, sounds={}, anchors={})) == expected


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A configuration on a state folder of its own and any free port."""
    path = tmp_path / "config.toml"
    path.write_text('[station]\nstate_dir = "state"\n[web]\nport = 0\n')
    return load_config(path, {})


class NoonClock(SystemClock):
    """A wall clock that stands at a local time of day."""

    def __init__(self, hour: int) -> None:
        self.at = time.mktime((2026, 11, 22, hour, 0, 0, 0, 0, -1))

    def time(self) -> float:
        """Return that time."""
        return self.at


def test_what_is_on_follows_the_clock_that_was_injected(config: Config) -> None:
    """The programme is asked with the local time of the station's clock."""
    programme = config.programme.model_validate(
        {"playlist": "day", "entries": [{"at": "06:00", "playlist": "day"}, {"at": "22:00", "playlist": "night"}]}
    )
    clock = NoonClock(12)
    station = Station(config.model_copy(update={"programme": programme}), {"day": DAY}, clock=clock)
    assert station.playlist_now() == "day"
    clock.at += 11 * 3600
    assert station.playlist_now() == "night"
