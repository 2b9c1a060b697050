"""What aired at a time is made again, into a file."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import soundfile as sf

from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE, seconds_to_frames
from latentfm.errors import HistoryError
from latentfm.history.again import Sources
from latentfm.history.archive import Archive, Place, spoken
from latentfm.history.machine import differences
from latentfm.history.replay import after, before, replay
from latentfm.history.shelf import Shelf

_FORMATS = {".wav": ("WAV", "FLOAT"), ".flac": ("FLAC", "PCM_24")}


@dataclass(frozen=True, slots=True)
class Recreated:
    """What was made again.

    Attributes:
        wall: when its first frame was handed to the feeds.
        run: the run of the station.
        start: its first frame, counted from the first of the run.
        frames: its length.
        cut: whether the run ended, or is not written down, before as much was there as was asked for.
        doubts: why it may not be bit for bit what aired; none where it is.
    """

    wall: float
    run: int
    start: int
    frames: int
    cut: bool
    doubts: tuple[str, ...]


def recreate(
    archive: Archive,
    shelf: Shelf,
    at: float,
    seconds: float,
    out: Path,
    *,
    now: float,
    tell: Callable[[str], None] = lambda _: None,
) -> Recreated:
    """Make ``seconds`` from the time ``at`` on again, and write them to ``out``.

    A ``.wav`` file gets the float32 samples that left the timeline, a ``.flac`` file the same in 24 bit. ``shelf`` says
    where takes lie; one that is gone is made again in a temporary folder, of which ``tell`` is told.

    Raises:
        HistoryError: nothing aired then, the time is to come, a source is lost, or ``out`` can't be written.
    """
    if at > now:
        raise HistoryError(f"{spoken(at)} is in the future")
    place = archive.locate(at)
    stop = place.frame + max(seconds_to_frames(seconds), 1)
    known = archive.frames(place.run)
    return make(archive, shelf, place, min(stop, known), out, tell=tell, cut=stop > known)


def make(
    archive: Archive,
    shelf: Shelf,
    place: Place,
    stop: int,
    out: Path,
    *,
    tell: Callable[[str], None] = lambda _: None,
    cut: bool = False,
) -> Recreated:
    """Make the frames of a run from ``place`` to ``stop`` again; as ``recreate`` does."""
    form = _FORMATS.get(out.suffix.lower())
    if form is None:
        raise HistoryError(f"{out}: expected a name that ends in .wav (float32) or .flac (24 bit)")
    log = archive.log(place.run, before(place.frame), after(stop))
    frames = 0
    with tempfile.TemporaryDirectory(prefix="latentfm-") as workshop:
        sources = Sources(shelf, archive.take, Path(workshop), tell)
        with closing(sources), _written(out, *form) as file:
            for pcm in replay(log, sources, place.frame, stop):
                file.write(pcm)
                frames += len(pcm)
    doubts = [f"it was mixed elsewhere: {difference}" for difference in differences(archive.machine(place.run))]
    return Recreated(archive.wall_of(place), place.run, place.frame, frames, cut, (*sources.doubts, *doubts))


@contextmanager
def _written(out: Path, form: str, subtype: str) -> Iterator[sf.SoundFile]:
    """Give a file to write to, which has its name only once all is in it."""
    part = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with sf.SoundFile(part, "w", SAMPLE_RATE, CHANNELS, subtype, format=form) as file:
            yield file
        part.replace(out)
    except (OSError, sf.SoundFileError) as error:
        raise HistoryError(f"{out}: can't be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)
