"""``latentfm train``: examples become a playable that a playlist can name."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from latentfm.errors import TrainingError, reason
from latentfm.models.card import ANY_METRE, Card, read_card
from latentfm.models.catalogue import find
from latentfm.models.folders import own_folder
from latentfm.models.music_vae.configurations import VaeConfiguration
from latentfm.models.playable import Steps
from latentfm.training.checkpoints.description import Description, write_description
from latentfm.training.checkpoints.files import write_whole
from latentfm.training.configurations import configuration, steps_of
from latentfm.training.data import examples as data
from latentfm.training.data.folder import read_json, write_json
from latentfm.training.fit.asked import MAY_CHANGE, Asked, changes, plain, rnn_recipe, vae_recipe
from latentfm.training.fit.checkpoints import best_step, newest_step
from latentfm.training.fit.devices import strategy
from latentfm.training.fit.loop import Task, train
from latentfm.training.fit.rnn import RnnRecipe
from latentfm.training.fit.sides import bar_of
from latentfm.training.fit.tasks import rnn_training, vae_training
from latentfm.training.fit.vae import VaeRecipe
from latentfm.training.importing import Wish, check_name, import_checkpoint
from latentfm.training.measure.figures import measure, rounded
from latentfm.training.measure.fitting import misfit

log = structlog.get_logger()
RUN = "run.json"


@dataclass(frozen=True)
class Prepared:
    """A training that is ready to run: what came of the examples and of what was asked for."""

    name: str
    config: str
    metre: str
    facts: dict[str, Any]
    recipe: RnnRecipe | VaeRecipe
    task: Task


def run(
    config: str,
    examples: Path,
    folder: Path,
    asked: Asked,
    name: str,
    licence: str = "unstated",
    *,
    quiet: bool = False,
) -> Card:
    """Train, going on where a training in ``folder`` was stopped or killed, and publish the best of it.

    Args:
        config: Magenta's name of a configuration.
        examples: what ``latentfm dataset examples`` made for it.
        folder: of the run: checkpoints, log, TensorBoard.
        asked: hyperparameters.
        name: of the playable, in the user's folder of models.
        licence: of the weights, for the card.
        quiet: show no progress.

    Raises:
        ModelError: no model can have the name, or one that ships has it.
        TrainingError: another model has the name; the examples are missing, empty or of another
            configuration; the folder is of another training; disk or memory is full; the loss is no number any more.
    """
    _check_name(name, examples)
    devices = strategy()
    if devices.num_replicas_in_sync > 1:
        log.info("training_shared", devices=devices.num_replicas_in_sync)
    with devices.scope():
        prepared = prepare(config, examples, asked, name)
    described = _description(prepared, licence, _claim(prepared, folder))
    with _writing(folder):
        write_description(folder, described)
    train(prepared.task, folder, strategy=devices, quiet=quiet)
    return publish(prepared, folder, examples, described)


def prepare(config: str, examples: Path, asked: Asked, name: str) -> Prepared:
    """Put a training together.

    Raises:
        TrainingError: as for ``run``.
    """
    chosen = configuration(config)
    facts, sides = data.load(examples)
    if facts["model"] != config:
        raise TrainingError(
            f"{examples} holds examples for {facts['model']}, not for {config}: make some with "
            f"latentfm dataset examples DATA OUT --model {config}"
        )
    metre = facts["metre"]
    if isinstance(chosen, VaeConfiguration):
        vae = vae_recipe(name, chosen, asked, steps_of(metre))
        return Prepared(name, config, metre, facts, vae, vae_training(vae, sides))
    rnn = rnn_recipe(name, chosen, asked, metre)
    played = "4/4" if metre == ANY_METRE else metre
    task = rnn_training(rnn, chosen.facts(rnn.layer_sizes, rnn.attn_length), sides, bar_of(chosen.encoding, played))
    return Prepared(name, config, played, facts, rnn, task)


def publish(prepared: Prepared, folder: Path, examples: Path, described: Description) -> Card:
    """Make a playable of the best checkpoint, measure it, and write both on its card."""
    best, own = best_step(folder), own_folder()
    described = described.model_copy(update={"provenance": {**described.provenance, "best_step": best}})
    with _writing(folder):
        write_description(folder, described)
    entry = import_checkpoint(folder, own, Wish(name=prepared.name, config=prepared.config, replace=True))
    facts, sides = data.load(examples)
    steps = Steps(entry.path, entry.card.sha256)
    figures = measure(entry.card, steps, sides["training"], sides["eval"], facts["metre"])
    provenance = {**entry.card.provenance, "figures": rounded(figures)}
    card = entry.card.model_copy(update={"provenance": provenance})
    with _writing(own):
        write_whole(entry.path.with_suffix(".json"), card.model_dump_json(indent=1) + "\n")
    log.info("playable_published", model=card.name, folder=str(own), step=best)
    return card


def evaluate(model: str, examples: Path) -> tuple[Card, dict[str, float]]:
    """Measure a playable, or what the training in a folder has come to, on held-out examples.

    Args:
        model: name of a playable, or a training's folder.
        examples: what ``latentfm dataset examples`` made; its eval side is measured on.

    Raises:
        TrainingError: the examples are missing, or the model can't read them.
        ModelError: there is no such model.
    """
    facts, sides = data.load(examples)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(model)
        entry = import_checkpoint(folder, Path(place), Wish(name="measured")) if folder.is_dir() else find(model)
        if why := misfit(entry.card, configuration(facts["model"]), facts["metre"]):
            raise TrainingError(f"{model} can't be measured on {examples}: {why}")
        steps = Steps(entry.path, entry.card.sha256)
        return entry.card, measure(entry.card, steps, sides["training"], sides["eval"], facts["metre"])


def _check_name(name: str, examples: Path) -> None:
    """Refuse, before hours of training, a name that no model can have, or that another one has."""
    check_name(name, own_folder(), replace=True)
    taken = own_folder() / f"{name}.json"
    if taken.exists():
        known = read_card(taken).provenance.get("examples", {}).get("sha256")
        if known != data.load(examples)[0]["sha256"]:
            raise TrainingError(f"{taken.parent} has another model called {name!r}: give this one another --name")


def _claim(prepared: Prepared, folder: Path) -> list[dict[str, Any]]:
    """Note in a folder whose it is, and refuse one of another training; return what was changed on the way."""
    if (folder / f"{prepared.name}.tflite").exists():
        raise TrainingError(f"{folder} is a folder of models: name another for the training")
    wanted = {"model": prepared.config, "examples": prepared.facts["sha256"], "recipe": plain(prepared.recipe)}
    noted: list[dict[str, Any]] = []
    if (folder / RUN).exists():
        known = read_json(folder / RUN, "a training's folder")
        noted = known.pop("changes", [])
        found = {name.removeprefix("recipe."): values for name, values in changes(known, wanted).items()}
        words = {name: f"{old!r} there, {new!r} now" for name, (old, new) in found.items()}
        if refused := [f"{name}: {said}" for name, said in words.items() if name not in MAY_CHANGE]:
            raise TrainingError(f"{folder} holds another training ({'; '.join(refused)}): name another --run folder")
        if found:
            step = newest_step(folder)
            noted.append({"step": step, **{name: list(values) for name, values in found.items()}})
            log.info("training_changed", model=prepared.name, step=step, changes=words)
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / RUN, {**wanted, "changes": noted})
    return noted


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Say what to do where a folder can't be written."""
    try:
        yield
    except OSError as fault:
        raise TrainingError(
            f"{folder} can't be written: {reason(fault)}; make room and start the same command again to go on"
        ) from fault


def _description(prepared: Prepared, licence: str, noted: list[dict[str, Any]]) -> Description:
    facts = prepared.facts
    chosen = configuration(prepared.config)
    return Description(
        config=prepared.config,
        name=prepared.name,
        description=f"{chosen.description} Trained here, in {prepared.metre}.",
        metre=prepared.metre,
        steps_per_bar=steps_of(prepared.metre),
        attn_length=prepared.recipe.attn_length if isinstance(prepared.recipe, RnnRecipe) else None,
        licence=licence,
        provenance={
            "data": {name: facts["data"].get(name) for name in ("pieces", "notes", "hours", "metres", "sha256")},
            "examples": {name: facts[name] for name in ("pieces", "examples", "options", "sha256")},
            "hyperparameters": plain(prepared.recipe),
            "changes": noted,
        },
    )
