"""What is not the station's own in the week: sound, waiting for disks, threads, sockets and encoders.

Everything is put in place once for the process. What a run of the station needs of its own is handed over by ``Stage``.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np
import structlog

from latentfm import outlets, planner, station, steering
from latentfm.audio import crossfade
from latentfm.audio.pcm import Pcm
from latentfm.bank import Bank, Quota, aired, files, folder
from latentfm.broadcast import OutputStatus, deck, director, fader, timeline, tone_bed
from latentfm.broadcast.block import Block
from latentfm.broadcast.supervised import Supervised
from latentfm.history import store
from latentfm.ops import jobs
from latentfm.ops.state import StateFolder
from latentfm.sources import Sources
from latentfm.studio import ChildStudio, producer, supervisor
from latentfm.studio.producer import Producer
from plain_takes import Wire
from week import RATE, SOUND
from week.disk import Disk, batch
from week.turns import Moment, Turns
from week.workshop import STEP, Workshop, open_link

BLOCK = timeline.BLOCK if SOUND else 2 * RATE  # frames
QUOTA = Quota(max_bytes=200 * 10**6, max_takes=12) if SOUND else Quota(max_bytes=2 * 10**6, max_takes=40)
BED_LEVEL = 0.05
_LOOK_EVERY = 15.0  # seconds between two looks of an idle producer
_REMEMBERED = 600  # airings

Log = MutableMapping[str, Any]


@dataclass
class Stage:
    """What a run of the station stands on: handed to what is made deep inside of it."""

    disk: Disk
    workshop: Workshop
    turns: Turns
    seed: int
    heard: Callable[[Log], None]  # gets each event that is logged
    folders: list[StateFolder] = field(default_factory=list)


class _Job(NamedTuple):
    """A job of APScheduler's, as far as ``Jobs`` asks for it."""

    next_run_time: datetime
    run: Callable[..., object]
    args: list[Any]


class HandScheduler:
    """APScheduler's place: jobs run when the simulation looks, and the wall clock says so."""

    def __init__(self, **_: object) -> None:
        self.running = False
        self._jobs: dict[str, _Job] = {}

    def add_job(self, run: Callable[..., object], _: str, *, run_date: datetime, args: list[Any], **named: Any) -> None:
        """Schedule a job."""
        self._jobs[named["id"]] = _Job(run_date, run, args)

    def get_job(self, name: str) -> _Job | None:
        """Return a job that is scheduled."""
        return self._jobs.get(name)

    def remove_job(self, name: str) -> None:
        """Forget a job."""
        del self._jobs[name]

    def remove_all_jobs(self) -> None:
        """Forget all."""
        self._jobs.clear()

    def start(self) -> None:
        """Begin."""
        self.running = True

    def shutdown(self, *, wait: bool) -> None:
        """End."""
        self.running = wait

    def look(self, wall: float) -> None:
        """Run what is due."""
        for name, job in list(self._jobs.items()):
            if job.next_run_time.timestamp() <= wall:
                self._jobs.pop(name)
                job.run(*job.args)


class Deaf:
    """A feed, an output and a socket that nobody listens to."""

    name = "deaf"
    encoded = 0
    drained = True
    status = OutputStatus("deaf", "web", "connected")

    def __init__(self, *_: object, **__: object) -> None:
        """Take whatever comes."""

    def offer(self, block: Block) -> None:
        """Drop a block."""

    def run(self, stop: object) -> None:
        """Do nothing."""

    def start(self) -> None:
        """Do nothing."""

    def stop(self, timeout: float = 0.0) -> bool:
        """Do nothing, at once."""
        return True


def install(stage: Callable[[], Stage]) -> None:
    """Put everything in place; ``stage`` returns what the run under way stands on."""
    structlog.configure(processors=[_listening(stage)], cache_logger_on_first_use=False)
    if not SOUND:
        _silence_everything()
    director.Director.__init__.__kwdefaults__["start_deck"] = deck.Deck.start = _starting(stage)
    aired._REMEMBERED = _REMEMBERED
    files.write_through = folder.write_through = _writing(stage)
    folder.sync_folder = lambda path: None
    store.Store.batch = lambda one: batch(one, stage().disk)
    Supervised.start = lambda part: None
    jobs.BackgroundScheduler = HandScheduler
    planner.Planner.__init__.__kwdefaults__["sources"] = _sources
    producer._LOOK_EVERY = _LOOK_EVERY
    supervisor.Link = lambda *_: open_link(stage().workshop, stage().turns)()
    station.ChildStudio = lambda *args, **named: _Studio(stage(), *args, **named)
    station.Producer = lambda *args: _Producer(stage(), *args)
    outlets.Feed = outlets.WebOutput = steering.ControlSocket = Deaf
    station.Bank = lambda root, state, _quota: Bank(root, state, QUOTA)
    station.quota_of = lambda _settings: QUOTA
    station.StateFolder = lambda path: _held(stage(), path)


def _silence_everything() -> None:
    """Put levels in the place of sound."""
    crossfade._MILLISECOND = 1
    timeline.Limiter = Wire
    timeline.Timeline.__init__.__kwdefaults__["block"] = BLOCK
    fader._HELD = BLOCK
    tone_bed.ToneBed.__init__ = _plain_bed
    tone_bed.ToneBed.pull = _plain_pull
    deck.STEP = STEP


class _Studio(ChildStudio):
    """The station's studio, whose waiting goes by the clock."""

    def __init__(self, stage: Stage, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._closing = Moment(stage.turns)
        self._random.seed(stage.seed)
        self._turns = stage.turns

    def close(self) -> None:
        """Close it, which ends the waiting of all threads."""
        self._closing.set()
        self._turns.end()
        super().close()


class _Producer(Producer):
    """The station's producer, whose waiting goes by the clock."""

    def __init__(self, stage: Stage, *args: Any) -> None:
        super().__init__(*args)
        self._stopping, self._wake = Moment(stage.turns), Moment(stage.turns)
        self._random.seed(stage.seed)
        self._turns = stage.turns

    def start(self) -> None:
        """Begin, and go on to the first wait."""
        super().start()
        self._turns.begun()


def _listening(stage: Callable[[], Stage]) -> Callable[[object, str, Log], NoReturn]:
    def listen(_: object, level: str, event: Log) -> NoReturn:
        stage().heard({"level": level, **event})
        raise structlog.DropEvent

    return listen


def _starting(stage: Callable[[], Stage]) -> Callable[[deck.Deck], None]:
    def start(one: deck.Deck) -> None:
        stage().disk.start(one)

    return start


def _writing(stage: Callable[[], Stage]) -> Callable[[Path, bytes | memoryview], None]:
    def write(path: Path, content: bytes | memoryview) -> None:
        stage().disk.write(path, content)

    return write


def _held(stage: Stage, path: Any) -> StateFolder:
    stage.folders.append(StateFolder(path))
    return stage.folders[-1]


def _sources(playlist: Any) -> Sources:
    return Sources(dict.fromkeys(sorted(playlist.model_names), "0"), {}, {})


def _plain_bed(bed: Any, playing: Any, *, key: Any, seed: int, lufs: float, limit: int = 8 * RATE) -> None:
    bed.playing, bed.key, bed.limit, bed.position = playing, key, limit, 0
    bed.source = tone_bed.BedSource(playing, key, seed, lufs)


def _plain_pull(bed: Any, frames: int) -> Pcm:
    bed.position += frames
    return np.full((frames, 2), BED_LEVEL, dtype=np.float32)
