"""Cues are played again: from the sources that they name to the samples that left the timeline, bit for bit.

The arithmetic is the timeline's own (``broadcast.mixing``, ``audio.limiter``). A limiter forgets: one that starts early
enough gives the samples of one that ran for days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Protocol

from latentfm.audio.crossfade import Gains, equal_power
from latentfm.audio.limiter import Limiter
from latentfm.audio.pcm import SAMPLE_RATE, Pcm, silence
from latentfm.broadcast.cues import Cue, Hole, Source, Voice
from latentfm.broadcast.mixing import crossfade, swell
from latentfm.errors import HistoryError

BLOCK = SAMPLE_RATE  # frames at a time
_END = 1 << 62


class Audio(Protocol):
    """The samples of sources, which are asked for in rising order."""

    def pull(self, source: Source, offset: int, frames: int) -> Pcm:
        """Return the ``frames`` frames of a source from ``offset`` on; raise HistoryError if it has them no more."""
        ...

    def keep(self, sources: Sequence[Source]) -> None:
        """Let go of every source but these."""
        ...


def before(start: int) -> int:
    """Return the frame from which cues are needed so that what leaves from ``start`` on can be made again."""
    return max(0, start - Limiter().memory)


def after(stop: int) -> int:
    """Return the frame up to which cues are needed so that what leaves before ``stop`` can be made again."""
    return stop + Limiter().latency


def replay(log: Sequence[Cue | Hole], audio: Audio, start: int, stop: int) -> Iterator[Pcm]:
    """Yield what left the timeline from frame ``start`` to frame ``stop``.

    Args:
        log: the cues that hold from ``before(start)`` to ``after(stop)``, in the order they were noted in.
        audio: where the sources' samples come from.
        start: the first frame.
        stop: the frame after the last one.

    Raises:
        HistoryError: the log has a hole there, or a source is lost.
    """
    if not log or not (log[0].at <= before(start) or _begins(log[0])):
        raise HistoryError("the cues of that time, or of the seconds before it, are kept no longer")
    passages = list(_passages(log))
    begins = [passage[0].at for passage in passages]
    for passage, begin, end in zip(passages, begins, [*begins[1:], _END], strict=True):
        first, last = max(begin, start), min(end, stop)
        if first < last:
            yield from _limited(passage, audio, first, last)


def _begins(note: Cue | Hole) -> bool:
    """Return whether a note is the first that its limiter heard."""
    return isinstance(note, Cue) and (note.at == 0 or note.cause == "fault")


def _passages(log: Sequence[Cue | Hole]) -> Iterator[list[Cue | Hole]]:
    """Yield the stretches of the log that went through one limiter each; a hole belongs to what comes before it."""
    passage: list[Cue | Hole] = []
    number = None
    for note in log:
        if isinstance(note, Cue):
            if number not in (None, note.passage):
                yield passage
                passage = []
            number = note.passage
        passage.append(note)
    if passage:
        yield passage


def _limited(passage: Sequence[Cue | Hole], audio: Audio, start: int, stop: int) -> Iterator[Pcm]:
    limiter = Limiter()
    begin = max(passage[0].at, start - limiter.memory)
    unheard = start - begin + limiter.latency
    for pcm in _mixed(passage, audio, begin, stop + limiter.latency):
        ready = limiter.process(pcm)
        if unheard < len(ready):
            yield ready[unheard:]
        unheard = max(unheard - len(ready), 0)


def _mixed(passage: Sequence[Cue | Hole], audio: Audio, start: int, stop: int) -> Iterator[Pcm]:
    """Yield what went into a limiter from frame ``start`` to frame ``stop``."""
    ends = [*(note.at for note in passage[1:]), _END]
    for note, end in zip(passage, ends, strict=True):
        first, last = max(note.at, start), min(end, stop)
        if first >= last:
            continue
        if isinstance(note, Hole):
            raise HistoryError("the history has a hole there: cues were lost")
        audio.keep([voice.source for voice in (note.sounding, note.entering) if voice])
        for at, until in pairwise([*range(first, last, BLOCK), last]):
            yield _mix(note.later(at - note.at), audio, until - at)


def _mix(cue: Cue, audio: Audio, frames: int) -> Pcm:
    """Return the frames that a cue describes."""
    pcm = _voice(cue.sounding, audio, frames)
    if cue.entering is not None:
        pcm = crossfade(pcm, _voice(cue.entering, audio, frames), _gains(cue.length), cue.position)
    return swell(pcm, cue.risen)


def _voice(voice: Voice, audio: Audio, frames: int) -> Pcm:
    return silence(frames) if voice.offset is None else audio.pull(voice.source, voice.offset, frames)


@lru_cache(maxsize=4)
def _gains(length: int) -> Gains:
    return equal_power(length)
