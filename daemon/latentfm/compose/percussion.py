"""Drums: the VAE gives the groove, the RNN goes on with it and fills before each new period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from latentfm.brief import LatentPoint
from latentfm.compose.arrange import Layers
from latentfm.compose.engine import Players
from latentfm.compose.strokes import CLOSED, CRASH, KICK, LOW_TOM, OPEN, RIDE, SNARE, TOMS, Labels, bits, played
from latentfm.compose.walk import plain
from latentfm.models.event_rnn import EventRNN
from latentfm.models.events import drum_label_to_pitches, drum_pitches_to_label
from latentfm.models.latent import slerp
from latentfm.models.music_vae import MusicVAE
from latentfm.music import metre as metres
from latentfm.music.form import FormPlan
from latentfm.music.metre import Metre
from latentfm.music.note import Note
from latentfm.playlist import Playlist

_NEARBY: Final = 0.3
_FURTHER: Final = 0.6
_FILLS: Final = 16  # continuations that a fill is chosen from


@dataclass(frozen=True)
class Drums:
    """The drum part, where its walk ended, and the bars that are fills."""

    notes: tuple[Note, ...]
    latent: LatentPoint | None
    continued: tuple[int, ...]


def groove_fitness(
    labels: Labels, likelihood: NDArray[Any], strokes_per_bar: float, metre: Metre, *, hands: bool = False
) -> NDArray[np.float64]:
    """Score grooves of two bars ``[n, steps]`` as an accompaniment: a clear pulse, as dense as the mood.

    A kit has a kick on the first beat and a snare on the back beats, and few toms. For hands, toms are what is played:
    a low drum on the first beat, the others where they like, and few cymbals.
    """
    hits = bits(labels)
    bars = labels.shape[1] / metre.steps_per_bar
    count = hits.sum(axis=(1, 2)) / bars
    ones = np.arange(0, labels.shape[1], metre.steps_per_bar)
    back = np.concatenate([ones + step for step in metre.back])
    beats = np.arange(0, labels.shape[1], metre.beat)
    score = -0.25 * np.abs(count - strokes_per_bar)
    timekeepers = hits[:, :, CLOSED] | hits[:, :, RIDE]
    score += 1.0 * timekeepers[:, beats].mean(axis=1)
    toms = hits[:, :, list(TOMS)].sum(axis=(1, 2)) / bars
    if hands:
        score += 1.2 * (hits[:, ones, KICK] | hits[:, ones, LOW_TOM]).mean(axis=1) + 0.4 * np.minimum(toms, 4)
        score -= 0.3 * hits[:, :, RIDE].sum(axis=1) / bars
    else:
        score += 1.2 * hits[:, ones, KICK].mean(axis=1) + 0.8 * hits[:, back, SNARE].mean(axis=1)
        score -= 0.3 * toms
    score -= 0.5 * hits[:, :, CRASH].sum(axis=1) + 0.2 * np.maximum(hits[:, :, OPEN].sum(axis=1) - 2, 0)
    score -= 0.25 * np.maximum(hits[:, :, KICK].sum(axis=1) / bars - 5, 0)
    score -= 0.35 * np.maximum(hits[:, :, SNARE].sum(axis=1) / bars - 3, 0)
    halves = np.split(hits, 2, axis=1)
    score += 0.6 * (halves[0] == halves[1]).all(axis=2).mean(axis=1)
    spread = float(np.std(likelihood)) or 1.0
    score += 0.2 * np.clip((likelihood - np.median(likelihood)) / spread, -2, 2)
    return np.asarray(score, dtype=np.float64)


def _best(vae: MusicVAE, z: NDArray[np.float32], playlist: Playlist, rng: np.random.Generator) -> Labels:
    decoded = vae.decode(z, rng, playlist.models.vae_temperature)
    labels = decoded.labels.astype(np.int64)
    best: Labels = labels[int(_worth(playlist, labels, decoded.log_likelihood).argmax())]
    return best


def _worth(playlist: Playlist, labels: Labels, likelihood: NDArray[Any]) -> NDArray[np.float64]:
    """Score grooves for a playlist, which says how many strokes a bar it likes, or how many notes its lead has."""
    asked = playlist.percussion.strokes_per_bar
    strokes = asked if asked is not None else 4.0 + 1.2 * sum(playlist.melody.notes_per_bar) / 2
    return groove_fitness(labels, likelihood, strokes, metres.of(playlist), hands=playlist.percussion.style == "hands")


def _around(
    point: NDArray[np.float32], count: int, rng: np.random.Generator, distance: float = _NEARBY
) -> NDArray[np.float32]:
    near: NDArray[np.float32] = point[None] + distance * rng.standard_normal((count, len(point)), dtype=np.float32)
    return near


def _events(labels: Labels) -> list[frozenset[int]]:
    return [frozenset(drum_label_to_pitches(int(label))) for label in labels]


def _continued(rnn: EventRNN, groove: Labels, playlist: Playlist, rng: np.random.Generator) -> Labels:
    """Let the RNN play the bar after a groove, as often as a fill needs to be chosen from."""
    steps = metres.of(playlist).steps_per_bar
    drawn = rnn.continue_primer(_events(groove), steps, rng, playlist.models.rnn_temperature, _FILLS)
    return np.array([[drum_pitches_to_label(event) for event in one.events] for one in drawn], dtype=np.int64)  # type: ignore[arg-type]


def _last_bars(vae: MusicVAE, point: NDArray[np.float32], playlist: Playlist, rng: np.random.Generator) -> Labels:
    """Let the VAE play grooves somewhat further from a point, and return their last bars."""
    z = _around(point, _FILLS, rng, _FURTHER)
    decoded = vae.decode(z, rng, playlist.models.rnn_temperature)
    return decoded.labels[:, -metres.of(playlist).steps_per_bar :].astype(np.int64)


def fill(rows: Labels, groove: Labels, metre: Metre) -> Labels:
    """Choose the bar after a groove that builds most without losing the pulse."""
    hits = bits(rows)
    last = hits[:, metre.half :].sum(axis=(1, 2))
    toms = hits[:, :, [SNARE, *TOMS]].sum(axis=(1, 2))
    count = hits.sum(axis=(1, 2))
    usual = bits(groove).sum() / (len(groove) / metre.steps_per_bar)
    score = 0.3 * last + 0.3 * toms + 1.0 * hits[:, 0, KICK] - 0.4 * np.maximum(count - usual - 4, 0)
    score -= 0.6 * np.maximum(usual - 4 - count, 0)
    chosen: Labels = rows[int(score.argmax())]
    return chosen


def play(
    players: Players,
    playlist: Playlist,
    form: FormPlan,
    layers: Layers,
    carried: LatentPoint | None,
    rng: np.random.Generator,
) -> Drums:
    """Write the drums of a section: grooves on a short walk, and a fill at the end of each period.

    Fills are bars that the RNN plays on; in a mood without a drums RNN the VAE plays them.
    """
    vae, rnn, metre = players.drums_vae, players.drums_rnn, metres.of(playlist)
    if vae is None or "drums" not in layers.active:
        return Drums((), carried, ())
    count = playlist.melody.candidates
    z, decoded = vae.sample(count, rng, playlist.models.vae_temperature)
    fitness = _worth(playlist, decoded.labels.astype(np.int64), decoded.log_likelihood)
    start = z[int(fitness.argmax())]
    if carried is not None and len(carried) == vae.z_size:
        end, start = start, np.array(carried, dtype=np.float32)
        end = slerp(start, end, 0.5)
    else:
        end = slerp(start, z[int(np.argsort(-fitness, kind="stable")[1])], 0.5)
    points = (start, end)
    grooves = [_best(vae, _around(point, count // 2, rng), playlist, rng) for point in points]
    bar_steps = metre.steps_per_bar
    window_bars = vae.steps // bar_steps
    bars: dict[int, Labels] = {}
    continued: list[int] = []
    first, after = layers.active["drums"]
    starts = sorted({unit.period: unit.bar for unit in reversed(form.units)}.values())
    for bar in range(first, after):
        place = int(bar >= form.units[form.climax].bar - window_bars)
        within = (bar - form.intro) % window_bars
        bars[bar] = grooves[place][within * bar_steps : (within + 1) * bar_steps]
        if bar + 1 in starts[1:] or bar + 1 == after:
            rows = (
                _last_bars(vae, points[place], playlist, rng)
                if rnn is None
                else _continued(rnn, grooves[place], playlist, rng)
            )
            bars[bar] = fill(rows, grooves[place], metre)
            continued.append(bar)
    return Drums(_struck(bars, playlist, form, layers), plain(end), tuple(continued))


def of_body(labels: Labels, playlist: Playlist, form: FormPlan, layers: Layers) -> Drums:
    """Play drums that were written for the whole body, a label a step, in the bars in which they play."""
    size = metres.of(playlist).steps_per_bar
    bars = {
        bar: labels[(bar - form.intro) * size : (bar - form.intro + 1) * size]
        for bar in range(*layers.active.get("drums", (0, 0)))
    }
    return Drums(_struck(bars, playlist, form, layers), None, ())


def _struck(bars: Mapping[int, Labels], playlist: Playlist, form: FormPlan, layers: Layers) -> tuple[Note, ...]:
    """Return the strokes of some bars; the first unit of them is light."""
    metre = metres.of(playlist)
    entry = min(bars, default=0) + form.units[0].bars
    return tuple(
        note
        for bar, labels in bars.items()
        for note in played(
            playlist.percussion, labels, bar * metre.steps_per_bar, metre, layers.energy[bar], light=bar < entry
        )
    )
