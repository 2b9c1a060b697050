"""An hour of a mood, composed and rendered as a station would, unpaced; measured and not kept."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from latentfm import bank
from latentfm.audio.gate import longest_silence
from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.brief import Brief, Carry
from latentfm.errors import LatentFMError, ReportError
from latentfm.orders import next_brief
from latentfm.playlist import Playlist
from latentfm.sources import sources_of
from latentfm.studio.patience import Limits
from latentfm.studio.produce import produce
from latentfm.take import TakeInfo
from latentfm.timbre.voicing import voiced

HOUR = 3600.0  # seconds

Produce = Callable[[Brief, Path], TakeInfo]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Heard(_Value):
    """What is kept of a take whose audio is not kept."""

    title: str
    key: str
    qpm: float
    seconds: float
    lufs: float
    asked: float  # LUFS
    true_peak: float  # dBTP
    silence: float  # seconds, the longest stretch
    motifs: tuple[str, ...]
    missed: tuple[str, ...]
    recalled: bool  # whether an older motif comes back


class Reject(_Value):
    """A try of a brief that gave no take."""

    section: int
    attempt: int
    error: str
    reason: str


class Hour(_Value):
    """The takes of an hour in their order, the tries that failed, the sections given up, and the CPU seconds."""

    mood: str
    title: str
    takes: tuple[Heard, ...]
    rejects: tuple[Reject, ...]
    given_up: int
    cpu_seconds: float

    @property
    def seconds(self) -> float:
        """Return the seconds of music."""
        return sum(take.seconds for take in self.takes)


def listen(
    playlist: Playlist,
    folder: Path,
    *,
    heard: int,
    seconds: float = HOUR,
    seed: int = 1,
    loudness: float = -16.0,
    make: Produce = produce,
) -> Hour:
    """Make takes one after the other until there are enough, each measured and then deleted.

    A brief that fails is tried with derived seeds, as the studio's supervisor does; its second try of the same brief
    is left out, as it would end the same. A section that no try gives is given up, and the next one takes its place.

    Args:
        playlist: the mood.
        folder: where takes lie until they are measured.
        heard: how many takes back the gate looks for repeats.
        seconds: of music wanted.
        seed: of the station.
        loudness: of the station, in LUFS.
        make: what makes a take of a brief.

    Raises:
        ReportError: no take came of any brief.
    """
    playlist = voiced(playlist)
    sources = sources_of(playlist)
    tries = Limits().tries - 1
    began = time.process_time()
    takes: list[Heard] = []
    rejects: list[Reject] = []
    prints: list[str] = []
    carry: Carry | None = None
    section = given_up = 0
    while sum(take.seconds for take in takes) < seconds and given_up <= tries:
        brief = next_brief(
            station_seed=seed,
            section=section,
            playlist=playlist,
            loudness=loudness,
            carry=carry,
            sources=sources,
            heard=prints[-heard:],
        )
        for attempt in range(tries):
            try:
                info = make(brief.model_copy(update={"attempt": attempt}), folder)
            except LatentFMError as error:
                rejects.append(Reject(section=section, attempt=attempt, error=type(error).__name__, reason=str(error)))
            else:
                takes.append(_measured(info, folder, loudness + playlist.mix.loudness_offset))
                prints.append(info.provenance["fingerprint"])
                carry = info.carry
                break
        else:
            given_up += 1
        section += 1
    if not takes:
        raise ReportError(
            f"{playlist.name}: none of {given_up} sections gave a take; the last try: {rejects[-1].reason}"
        )
    return Hour(
        mood=playlist.name,
        title=playlist.title,
        takes=tuple(takes),
        rejects=tuple(rejects),
        given_up=given_up,
        cpu_seconds=time.process_time() - began,
    )


def _measured(info: TakeInfo, folder: Path, asked: float) -> Heard:
    """Measure a take as it lies on disk, and delete it."""
    place = folder / info.id
    with bank.TakeReader(place / bank.AUDIO) as reader:
        silence = longest_silence(reader.read(reader.frames))
    shutil.rmtree(place)
    facts = info.provenance
    return Heard(
        title=info.title,
        key=facts["key"],
        qpm=info.qpm,
        seconds=info.frames / SAMPLE_RATE,
        lufs=info.lufs,
        asked=asked,
        true_peak=info.true_peak,
        silence=silence,
        motifs=tuple(facts["motifs"]),
        missed=tuple(facts["missed"]),
        recalled=bool(facts["recalled"]),
    )
