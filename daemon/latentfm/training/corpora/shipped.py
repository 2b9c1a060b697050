"""Data sets of the models that ship: what is drawn in training, and what is held out by tune or by pattern."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latentfm.models.event_rnn import squash
from latentfm.models.events import HOLD, OFF, Labels, labels_to_events
from latentfm.training.corpora import drum_patterns, sources, wad
from latentfm.training.corpora.melodies import COMMON, GRIDS, Grid, Run, half_time, in_c, rest_at_end, runs, windows

HELD_OUT_SHARE = 0.08
TRANSPOSITIONS = (-6, 6)  # semitones, the upper end excluded
FREEDOOM_SHARE = 0.3
PARTS = (0b000000001, 0b000000010, 0b001110000, 0b110001100)  # of a kit: kick, snare, toms, cymbals with the hats


def is_held_out(name: str) -> bool:
    """Say on which side of the split a piece lies: by its name alone, so versions of one tune stay together."""
    return _digest(name)[0] / 256 < HELD_OUT_SHARE


def _digest(name: str) -> bytes:
    words = re.sub(r"[^a-z]+", " ", name.lower()).split()
    plain = " ".join(sorted(set(words) - {"the", "a", "reel", "jig", "hornpipe", "strathspey"}))
    return hashlib.sha256(plain.encode()).digest()


@dataclass(frozen=True)
class Windows:
    """Two-bar windows in C major or its relatives: as they are, and single bars read in half time."""

    plain: Labels
    slow: Labels


@dataclass(frozen=True)
class MelodyData:
    """Two-bar windows of folk tunes to learn from, and those of other tunes.

    What is drawn is transposed at random. ``held_out`` is as it was written, every window once; ``unseen`` is of the
    same tunes, in two halves of different ones.
    """

    grid: Grid
    learnt: Windows
    unseen: tuple[Windows, Windows]
    held_out: Labels
    slow_share: float = 0.35
    rest_share: float = 0.25
    joined_share: float = 0.0

    def draw(self, rng: np.random.Generator, size: int) -> Labels:
        """Draw a batch: half-time windows, joined bars, rests at phrase ends and transpositions among them."""
        return self._draw(self.learnt, rng, size)

    def draw_unseen(self, rng: np.random.Generator, size: int) -> Labels:
        """Draw as ``draw`` does, from the tunes that are held out: what samples of the model are compared with.

        The first half of the rows is of one half of the tunes, the second of the other.
        """
        return np.concatenate([self._draw(half, rng, size // 2) for half in self.unseen])

    def _draw(self, side: Windows, rng: np.random.Generator, size: int) -> Labels:
        bar, window = self.grid.bar, self.grid.window
        batch = side.plain[rng.integers(0, len(side.plain), size)]
        joined = rng.random(size) < self.joined_share
        other = side.plain[rng.integers(0, len(side.plain), size), bar:]
        batch = np.where(joined[:, None], np.concatenate([batch[:, :bar], _in_reach(other, batch)], axis=1), batch)
        if self.slow_share:
            slow = rng.random(size) < self.slow_share
            batch = np.where(slow[:, None], side.slow[rng.integers(0, len(side.slow), size)], batch)
        for row in np.flatnonzero(rng.random(size) < self.rest_share):
            batch[row] = rest_at_end(batch[row], int(rng.choice((bar, window), p=(0.25, 0.75))), rng)
        shifts = rng.integers(*TRANSPOSITIONS, size)
        return np.where(batch > OFF, batch + shifts[:, None], batch).astype(np.int16)


def melody_runs(grid: Grid = COMMON) -> tuple[list[Run], list[Run]]:
    """Return the runs of bars to learn from, and those of the tunes that are held out."""
    train: list[Run] = []
    held_out: list[Run] = []
    for tune in sources.folk_tunes():
        (held_out if is_held_out(tune.title or tune.source) else train).extend(runs(tune, grid))
    return train, held_out


def melody_data(metre: str = "4/4", **shares: float) -> MelodyData:
    """Build the windows of a melody VAE; a window that both sides have is dropped from what is learnt."""
    grid = GRIDS[metre]
    train, held_out = melody_runs(grid)
    ours, others = ([Run(run.tune, in_c(run.labels)) for run in side] for side in (train, held_out))
    halves = [[run for run in others if _digest(run.tune)[1] % 2 == half] for half in (0, 1)]
    first, second = (Windows(windows(half, grid), _slow(half, grid)) for half in halves)
    plain = without(windows(ours, grid), np.concatenate([first.plain, second.plain]))
    slow = without(_slow(ours, grid), np.concatenate([first.slow, second.slow]))
    return MelodyData(grid, Windows(plain, slow), (first, second), windows(held_out, grid), **shares)


def _in_reach(bars: Labels, before: Labels) -> Labels:
    """Move bars by octaves to within half an octave of what goes before, on the average."""

    def middle(labels: Labels) -> NDArray[np.float64]:
        sounding = labels > OFF
        mean: NDArray[np.float64] = np.where(sounding, labels, 0).sum(axis=1) / np.maximum(1, sounding.sum(axis=1))
        return mean

    octaves = 12 * np.round((middle(before) - middle(bars)) / 12)
    return np.where(bars > OFF, bars + octaves[:, None], bars).astype(np.int16)


def melody_sequences(steps: int) -> tuple[list[list[int]], list[list[int]]]:
    """Return event sequences of folk tunes, in C and in MelodyRNN's range, to learn from and held out.

    Each run of bars is cut into pieces of ``steps`` sixteenths and one, at its bar lines; half of that many
    bars again are read in half time.
    """
    return tuple(_sequences(side, steps) for side in melody_runs())  # type: ignore[return-value]


def drum_sequences(
    cache: Path, steps: int, seed: int = 1, arranged: int = 3000
) -> tuple[list[list[int]], list[list[int]]]:
    """Return drum sequences: our own patterns arranged, and at most three tenths of Freedoom's."""
    rng = np.random.default_rng([seed, 1])
    patterns = [pattern for pattern in drum_patterns.load_patterns() if pattern.metre == "4/4"]
    sides = drum_patterns.split(patterns, np.random.default_rng(seed), HELD_OUT_SHARE)
    bars = steps // COMMON.bar + 1
    found: list[list[list[int]]] = []
    for own, metal, count in zip(sides, freedoom_tracks(cache), (arranged, arranged // 12), strict=True):
        side = [list(map(int, labels)) for labels in drum_patterns.sequences(own, rng, count, bars)]
        pieces = [
            list(map(int, track[start : start + steps + 1]))
            for track in metal
            for start in range(0, len(track) - COMMON.window, steps // 2)
            if (track[start : start + steps] != HOLD).sum() >= steps // 8
        ]
        limit = int(len(side) * FREEDOOM_SHARE / (1 - FREEDOOM_SHARE))
        found.append(side + [pieces[index] for index in rng.permutation(len(pieces))[:limit]])
    return found[0], found[1]


def _sequences(found: Iterable[Run], steps: int) -> list[list[int]]:
    sequences = []
    for run in found:
        for labels, length in ((run.labels, steps), (half_time(run.labels), steps)):
            hop = length if labels is run.labels else 2 * length
            for start in range(0, len(labels) - COMMON.window + 1, hop):
                piece = labels[start : start + length + 1]
                if len(piece) > COMMON.window and (piece > OFF).sum() >= 4:  # noqa: PLR2004
                    sequences.append(squash(labels_to_events(piece)))
    return sequences


@dataclass(frozen=True)
class DrumData:
    """Two-bar windows of drums: our own patterns, and Freedoom's where they are of the metre.

    In a share of what is drawn each part of the kit goes on as it is or plays what it plays in another window, as it
    does when drummers' habits meet: the code learns the parts apart, and so to rebuild patterns that it never saw.
    ``unseen`` is of the patterns and pieces that are held out, in two halves of different ones.
    """

    own: Labels
    freedoom: Labels
    held_out: Labels
    unseen: tuple[Labels, Labels]
    mixed_share: float = 0.5

    def draw(self, rng: np.random.Generator, size: int) -> Labels:
        """Draw a batch, at most three tenths of it Freedoom's."""
        return self._mixed(self._plain(rng, size), self._plain(rng, 2 * size), rng).astype(np.int16)

    def draw_unseen(self, rng: np.random.Generator, size: int) -> Labels:
        """Draw from what is held out, the first half of the rows from one half of it, the second from the other."""
        batch = []
        for half in self.unseen:
            drawn = half[rng.integers(0, len(half), 3 * (size // 2))]
            batch.append(self._mixed(drawn[: size // 2], drawn[size // 2 :], rng))
        return np.concatenate(batch).astype(np.int16)

    def _plain(self, rng: np.random.Generator, size: int) -> Labels:
        batch = self.own[rng.integers(0, len(self.own), size)]
        if not len(self.freedoom):
            return batch
        metal = rng.random(size) < FREEDOOM_SHARE
        return np.where(metal[:, None], self.freedoom[rng.integers(0, len(self.freedoom), size)], batch)

    def _mixed(self, batch: Labels, others: Labels, rng: np.random.Generator) -> Labels:
        """Let parts of some windows play what they play in others: two for each window."""
        size = len(batch)
        mixed = rng.random(size) < self.mixed_share
        choice = np.stack([batch, others[:size], others[size:]])
        whose = rng.integers(0, len(choice), (len(PARTS), size))
        parts = [choice[part, np.arange(size)] & bits for part, bits in zip(whose, PARTS, strict=True)]
        return np.where(mixed[:, None], np.bitwise_or.reduce(parts), batch)


def freedoom_tracks(cache: Path) -> tuple[list[Labels], list[Labels]]:
    """Return Freedoom's drum tracks to learn from, and those held out, by piece."""
    train: list[Labels] = []
    held_out: list[Labels] = []
    seen: set[bytes] = set()
    for file in sources.freedoom_wads(cache):
        for name, midi in wad.midi_lumps(file).items():
            track = wad.drum_track(midi)
            if len(track) < COMMON.window or track.tobytes() in seen:
                continue
            seen.add(track.tobytes())
            (held_out if is_held_out(name) else train).append(track)
    return train, held_out


def drum_data(cache: Path, metre: str = "4/4", seed: int = 1, arranged: int = 40_000) -> DrumData:
    """Build the windows of a drum VAE.

    Args:
        cache: where Freedoom's package is unpacked.
        metre: of the patterns; Freedoom's music is in 4/4.
        seed: of the arranging of patterns into windows.
        arranged: windows to arrange for training; a twentieth of that is held out.
    """
    rng = np.random.default_rng(seed)
    patterns = [pattern for pattern in drum_patterns.load_patterns() if pattern.metre == metre]
    train, held_out = drum_patterns.split(patterns, rng, HELD_OUT_SHARE)
    test, own = _arranged(held_out, rng, arranged // 20, metre), _arranged(train, rng, arranged, metre)
    first, second = (_arranged(held_out[half::2], rng, arranged // 20, metre) for half in (0, 1))
    metal = own[:0]
    if metre == COMMON.metre:
        metal_train, metal_held_out = freedoom_tracks(cache)
        test, metal = np.concatenate([test, _cut(metal_held_out)]), _cut(metal_train)
        first, second = (
            np.concatenate([half, _cut(metal_held_out[start::2])]) for start, half in enumerate((first, second))
        )
    return DrumData(without(own, test), without(metal, test), test, (first, second))


def _arranged(
    patterns: Sequence[drum_patterns.DrumPattern], rng: np.random.Generator, count: int, metre: str
) -> Labels:
    return np.unique(drum_patterns.two_bar_windows(patterns, rng, count, metre), axis=0)


def _cut(tracks: Iterable[Labels]) -> Labels:
    size = COMMON.window
    cut = [track[start : start + size] for track in tracks for start in range(0, len(track) - size + 1, COMMON.bar)]
    lively = [window for window in cut if (window != HOLD).sum() >= 4]  # noqa: PLR2004
    return np.unique(np.array(lively, dtype=np.int16), axis=0) if lively else np.zeros((0, size), dtype=np.int16)


def _slow(found: Iterable[Run], grid: Grid) -> Labels:
    """Read distinct single bars in half time, as two bars."""
    bars = [run.labels[start : start + grid.bar] for run in found for start in range(0, len(run.labels), grid.bar)]
    lively = [half_time(bar) for bar in bars if (bar > OFF).sum() >= 2 and bar[0] > OFF]  # noqa: PLR2004
    return np.unique(np.array(lively, dtype=np.int16), axis=0)


def without(windows_: Labels, others: Labels) -> Labels:
    """Return the windows that are not among the others."""
    known = {window.tobytes() for window in others}
    kept = [window for window in windows_ if window.tobytes() not in known]
    return np.array(kept, dtype=np.int16).reshape(-1, windows_.shape[1])
