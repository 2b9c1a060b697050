"""From sources to playables: the trainings of the models that ship."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from latentfm.errors import TrainingError
from latentfm.models.event_rnn.configurations import CONFIGURATIONS
from latentfm.models.event_rnn.encodings import encoding_of
from latentfm.models.events import Labels
from latentfm.models.music_vae import MusicVAE
from latentfm.models.playable import Steps
from latentfm.training.checkpoints.load import load_into
from latentfm.training.checkpoints.read import read_variables
from latentfm.training.corpora import shipped
from latentfm.training.corpora.chorales import chorale_sequences
from latentfm.training.corpora.chorales import chorales as read_chorales
from latentfm.training.corpora.gm_frames import HELD_OUT_PLACES, HELD_OUT_PROGRAMS, GmFrames
from latentfm.training.corpora.gm_notes import KEPT, PITCHES, PROGRAMS, VELOCITIES, load_notes
from latentfm.training.corpora.lead_sheets import lead_sheets
from latentfm.training.editions import recipes
from latentfm.training.editions.publish import CHORALES, FLUID, FOLK, FREEDOOM, OWN_DRUMS, Edition, publish
from latentfm.training.fit.devices import product_type
from latentfm.training.fit.loop import Task, train
from latentfm.training.fit.rnn import RnnRecipe, bigram_perplexity, encode, rnn_task
from latentfm.training.fit.spectral import spectral_task
from latentfm.training.fit.vae import VaeRecipe, vae_task
from latentfm.training.measure.models import SAMPLES, rnn_figures, vae_figures
from latentfm.training.measure.spectral import spectral_figures
from latentfm.training.networks.rnn_network import RnnNetwork
from latentfm.training.networks.vae_network import VaeNetwork
from latentfm.training.playables.rnn import rnn_signatures
from latentfm.training.playables.spectral import spectral_signatures
from latentfm.training.playables.vae import vae_signatures

log = structlog.get_logger()
HELD_OUT_WINDOWS = 2048
HELD_OUT_FRAMES = 4096
_JOINED = 0.3  # share of melodies whose bars are of two tunes: they fill what lies between the codes of real ones


@dataclass(frozen=True)
class Training:
    """A training that is ready to run, and what it takes to publish its model."""

    task: Task
    edition: Edition
    signatures: Callable[[], dict[str, Any]]
    measure: Callable[[Steps], dict[str, float]]
    start_from: str | None = None


def melody_2bar(_cache: Path) -> Training:
    """Two-bar melodies: MusicVAE's `cat-mel_2bar`."""
    return _melodies(recipes.MELODY_2BAR, "4/4", "tunes in 4/4 and 2/4", slow_share=0.35, joined_share=_JOINED)


def melody_2bar_6_8(_cache: Path) -> Training:
    """Two-bar melodies of jigs, with 24 steps."""
    shares = {"slow_share": 0.15, "joined_share": _JOINED}
    return _melodies(recipes.MELODY_2BAR_6_8, "6/8", "jigs and other tunes in 6/8 and 3/8", **shares)


def melody_2bar_3_4(_cache: Path) -> Training:
    """Two-bar melodies of waltzes and minuets, with 24 steps."""
    return _melodies(recipes.MELODY_2BAR_3_4, "3/4", "tunes in 3/4", slow_share=0.0, joined_share=_JOINED)


def drums_2bar(cache: Path) -> Training:
    """Two-bar drum patterns: MusicVAE's `cat-drums_2bar`."""
    return _drums(recipes.DRUMS_2BAR, "4/4", cache)


def drums_2bar_6_8(cache: Path) -> Training:
    """Two-bar drum patterns in 6/8."""
    return _drums(recipes.DRUMS_2BAR_6_8, "6/8", cache)


def drums_2bar_3_4(cache: Path) -> Training:
    """Two-bar drum patterns in 3/4."""
    return _drums(recipes.DRUMS_2BAR_3_4, "3/4", cache)


def attention_rnn(_cache: Path) -> Training:
    """Melodies, event by event: MelodyRNN's `attention_rnn`."""
    recipe = recipes.ATTENTION_RNN
    kind = "runs of up to six bars of 4/4 and 2/4 tunes, in C, and their bars read in half time"
    texts = ("Continues melodies in 4/4, event by event.", "4/4", (FOLK,), kind)
    return _rnn(recipe, shipped.melody_sequences(recipe.length), texts)


def drum_kit(cache: Path) -> Training:
    """Drums, event by event: DrumsRNN's `drum_kit`."""
    recipe = recipes.DRUM_KIT
    kind = "six bars of our own patterns arranged, and pieces of Freedoom's drum tracks"
    texts = ("Continues drums in 4/4, event by event.", "4/4", (OWN_DRUMS, FREEDOOM), kind)
    return _rnn(recipe, shipped.drum_sequences(cache, recipe.length), texts)


def improv(_cache: Path) -> Training:
    """Melodies to chords: ImprovRNN's `chord_pitches_improv`."""
    recipe = recipes.IMPROV
    sheets = lead_sheets(recipe.length)
    kind = (
        "pieces of tunes in 4/4, 2/4, 3/4 and 6/8 with one chord a bar, which a search for the likeliest diatonic "
        "chords gave them, each in three of the twelve keys; some in half time"
    )
    texts = ("Plays a melody to the chords that it is given, in any metre.", "any", (FOLK,), kind)
    events = tuple([sheet.events for sheet in side] for side in sheets)
    chords = tuple([sheet.chords for sheet in side] for side in sheets)
    return _rnn(recipe, (events[0], events[1]), texts, (chords[0], chords[1]))


def chorales(_cache: Path) -> Training:
    """Four voices: PolyphonyRNN's `polyphony`, on a grid of eighths."""
    recipe = recipes.CHORALES
    sides = chorale_sequences(read_chorales(), recipe.length)
    kind = "pieces of chorales in four voices on the grid of eighths, in nine transpositions; split by tune"
    texts = ("Plays chorales in four voices, note by note.", "any", (CHORALES,), kind)
    return _rnn(recipe, sides, texts)


def spectral(cache: Path) -> Training:
    """Frames of harmonics and noise, of every General MIDI instrument: the timbres' own engine."""
    recipe, notes = recipes.SPECTRAL, GmFrames(load_notes(cache.with_name("gm_notes.npy")))
    task, network = spectral_task(recipe, notes.draw, notes.of_unseen_pitches(HELD_OUT_FRAMES))
    kept_back = len(HELD_OUT_PROGRAMS)
    data = (
        f"{PROGRAMS} instruments, {PITCHES} pitches of each, {len(VELOCITIES)} velocities, {len(KEPT)} frames of each "
        f"note; {len(HELD_OUT_PLACES)} pitches of every instrument and {kept_back} instruments, one of each "
        "family, held out."
    )
    description = "Codes of 16 numbers for the harmonics and the noise of a moment of a note, at any pitch."
    about = (description, "spectral", "any", (FLUID,), data)
    edition = Edition(recipe.name, *about, recipe.schedule, recipe.seed, recipe.facts)

    def measure(steps: Steps) -> dict[str, float]:
        return spectral_figures(recipe.facts, steps, notes)

    return Training(task, edition, lambda: spectral_signatures(network), measure)


TRAININGS: dict[str, Callable[[Path], Training]] = {
    "melody_2bar": melody_2bar,
    "melody_2bar_6_8": melody_2bar_6_8,
    "melody_2bar_3_4": melody_2bar_3_4,
    "drums_2bar": drums_2bar,
    "drums_2bar_6_8": drums_2bar_6_8,
    "drums_2bar_3_4": drums_2bar_3_4,
    "attention_rnn": attention_rnn,
    "drum_kit": drum_kit,
    "improv": improv,
    "chorales": chorales,
    "spectral": spectral,
}


@dataclass(frozen=True)
class Folders:
    """Where checkpoints, playables and model cards lie."""

    training: Path
    weights: Path
    docs: Path


def run(models: list[str], folders: Folders, *, stop_at: int | None = None, only_publish: bool = False) -> None:
    """Train and publish each model in turn, each going on from its last checkpoint.

    Raises:
        TrainingError: a name that no training has, or a training that can't go on.
    """
    unknown = [name for name in models if name not in TRAININGS]
    if unknown:
        raise TrainingError(f"no training is called {', '.join(unknown)}; there are: {', '.join(TRAININGS)}")
    for name in models:
        training = TRAININGS[name](folders.training / "freedoom")
        log.info("data_built", model=name, data=training.edition.data)
        checkpoint = folders.training / name
        if not only_publish:
            _begin(training, checkpoint, folders.training)
            train(training.task, checkpoint, stop_at=stop_at)
        goes_to = (checkpoint, folders.weights, folders.docs)
        publish(training.edition, training.task.weights, training.signatures, training.measure, goes_to)


def _begin(training: Training, checkpoint: Path, trainings: Path) -> None:
    """Give a training that has no checkpoint yet the weights of the one that it starts from."""
    if training.start_from is None or any(checkpoint.glob("*.index")):
        return
    variables = read_variables(trainings / training.start_from)
    load_into(training.task.weights, variables, training.start_from)
    log.info("training_starts_from", model=training.task.name, other=training.start_from)


def _melodies(recipe: VaeRecipe, metre: str, tunes: str, **shares: float) -> Training:
    data = shipped.melody_data(metre, **shares)
    slow = f" and {len(data.learnt.slow)} single bars read in half time" if data.slow_share else ""
    joined = f", {data.joined_share:.0%} joined from bars of two tunes" if data.joined_share else ""
    described = (
        f"{len(data.learnt.plain)} distinct two-bar windows of {tunes}{slow}, transposed at random, a quarter with a "
        f"rest at a phrase's end{joined}; {len(data.held_out)} windows of other tunes held out."
    )
    unseen = data.draw_unseen(np.random.default_rng(0), SAMPLES)
    edition = (f"Two-bar melodies in {metre} on the sixteenth grid.", "cat-mel_2bar", metre, (FOLK,), described)
    return _vae(recipe, data.draw, (_some(data.held_out), unseen), edition)


def _drums(recipe: VaeRecipe, metre: str, cache: Path) -> Training:
    data = shipped.drum_data(cache, metre)
    metal = f", {len(data.freedoom)} windows of Freedoom's" if len(data.freedoom) else ""
    described = (
        f"{len(data.own)} distinct two-bar arrangements of our own patterns; in half of what is drawn each part of the "
        f"kit is of any of three patterns{metal}; {len(data.held_out)} windows of other patterns held out."
    )
    sources = (OWN_DRUMS, FREEDOOM) if metal else (OWN_DRUMS,)
    unseen = data.draw_unseen(np.random.default_rng(0), SAMPLES)
    described_as = f"Two-bar drum patterns in {metre}, nine drum classes."
    edition = (described_as, "cat-drums_2bar", metre, sources, described)
    return _vae(recipe, data.draw, (_some(data.held_out), unseen), edition)


def _some(windows: Labels) -> Labels:
    """Return some held-out windows, the same ones each time."""
    chosen = np.random.default_rng(0).permutation(len(windows))[:HELD_OUT_WINDOWS]
    return windows[chosen]


def _vae(
    recipe: VaeRecipe,
    draw: Callable[[np.random.Generator, int], Labels],
    others: tuple[Labels, Labels],
    texts: tuple[str, str, str, tuple[str, ...], str],
) -> Training:
    held_out, unseen = others
    task, _ = vae_task(recipe, draw, held_out, product_type())
    description, config, metre, sources, data = texts
    edition = Edition(
        recipe.name, description, config, metre, sources, data, recipe.schedule, recipe.seed, recipe.facts
    )
    played = VaeNetwork(recipe.facts, task.weights)  # in float32 whatever the training multiplied in

    def measure(steps: Steps) -> dict[str, float]:
        return vae_figures(MusicVAE(recipe.facts, steps), held_out, unseen)

    return Training(task, edition, lambda: vae_signatures(played), measure, recipe.start_from)


def _rnn(
    recipe: RnnRecipe,
    sides: tuple[list[list[int]], list[list[int]]],
    texts: tuple[str, str, tuple[str, ...], str],
    chords: tuple[list[list[str]], list[list[str]]] = ([], []),
) -> Training:
    configuration = CONFIGURATIONS[recipe.config]
    known = configuration.facts(recipe.layer_sizes, recipe.attn_length)
    known = known.model_copy(update={"steps_per_quarter": recipe.steps_per_quarter})
    encoding = encoding_of(known)
    learn, test = (encode(side, encoding, recipe.length, given) for side, given in zip(sides, chords, strict=True))
    task, network = rnn_task(recipe, encoding, learn, test, product_type())
    description, metre, sources, kind = texts
    data = f"{len(learn)} sequences ({kind}); {len(test)} of other pieces held out."
    about = (description, recipe.config, metre, sources, data)
    edition = Edition(recipe.name, *about, recipe.schedule, recipe.seed, known)

    def measure(steps: Steps) -> dict[str, float]:
        return rnn_figures(known, steps, test) | bigram_perplexity(learn, test, encoding.num_classes)

    played = RnnNetwork(network.shape, task.weights)
    return Training(task, edition, lambda: rnn_signatures(played, encoding.most_active), measure)
