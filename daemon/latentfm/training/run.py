"""``latentfm train``: examples become a playable that a playlist can name."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from latentfm.errors import TrainingError
from latentfm.models.card import Card, read_card
from latentfm.models.catalogue import find
from latentfm.models.folders import SHIPPED, own_folder
from latentfm.models.music_vae.configurations import VaeConfiguration
from latentfm.models.playable import Steps
from latentfm.training.checkpoints.description import Description, write_description
from latentfm.training.configurations import ANY_METRE, Configuration, configuration, steps_of
from latentfm.training.data import examples as data
from latentfm.training.data.folder import read_json, write_json
from latentfm.training.fit.asked import MAY_CHANGE, Asked, plain, rnn_recipe, vae_recipe
from latentfm.training.fit.checkpoints import best_step
from latentfm.training.fit.devices import strategy
from latentfm.training.fit.loop import Task, train
from latentfm.training.fit.rnn import RnnRecipe
from latentfm.training.fit.tasks import rnn_training, vae_training
from latentfm.training.fit.vae import VaeRecipe
from latentfm.training.importing import Wish, import_checkpoint
from latentfm.training.measure.figures import measure, rounded

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
        TrainingError: the examples are missing, empty or of another configuration; the folder is of another
            training; the disk is full; the loss is no number any more.
    """
    _check_name(name, examples)
    devices = strategy()
    if devices.num_replicas_in_sync > 1:
        log.info("training_shared", devices=devices.num_replicas_in_sync)
    with devices.scope():
        prepared = prepare(config, examples, asked, name)
    _claim(prepared, folder)
    described = _description(prepared, licence)
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
        reach = asked.transpose or chosen.converter.transpose_range
        vae = vae_recipe(name, chosen, asked, steps_of(metre))
        return Prepared(name, config, metre, facts, vae, vae_training(vae, sides, reach))
    if asked.transpose is not None:
        raise TrainingError(f"{config} is transposed beforehand: say --transpose to latentfm dataset examples")
    rnn = rnn_recipe(name, chosen, asked)
    task = rnn_training(rnn, chosen.facts(rnn.layer_sizes, rnn.attn_length), sides)
    return Prepared(name, config, "4/4" if metre == ANY_METRE else metre, facts, rnn, task)


def publish(prepared: Prepared, folder: Path, examples: Path, described: Description) -> Card:
    """Make a playable of the best checkpoint, measure it, and write both on its card."""
    best, own = best_step(folder), own_folder()
    described = described.model_copy(update={"provenance": {**described.provenance, "best_step": best}})
    write_description(folder, described)
    entry = import_checkpoint(folder, own, Wish(name=prepared.name, config=prepared.config, replace=True))
    _, sides = data.load(examples)
    steps = Steps(entry.path, entry.card.sha256)
    figures = measure(entry.card, steps, sides["training"], sides["eval"])
    provenance = {**entry.card.provenance, "figures": rounded(figures)}
    card = entry.card.model_copy(update={"provenance": provenance})
    temporary = entry.path.with_suffix(".json.part")
    temporary.write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    temporary.replace(entry.path.with_suffix(".json"))
    log.info("playable_published", model=card.name, folder=str(own), step=best)
    return card


def evaluate(model: str, examples: Path) -> tuple[Card, dict[str, float]]:
    """Measure a playable, or what the training in a folder has come to, on held-out examples.

    Args:
        model: name of a playable, or a training's folder.
        examples: what ``latentfm dataset examples`` made; its eval side is measured on.

    Raises:
        TrainingError: the examples are missing, or of another kind than the model.
        ModelError: there is no such model.
    """
    facts, sides = data.load(examples)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(model)
        entry = import_checkpoint(folder, Path(place), Wish(name="measured")) if folder.is_dir() else find(model)
        played, meant = entry.card.model.representation, _representation(configuration(facts["model"]))
        if played != meant:
            raise TrainingError(f"{model} plays {played}, and {examples} holds {meant}: make examples for it")
        return entry.card, measure(entry.card, Steps(entry.path, entry.card.sha256), sides["training"], sides["eval"])


def _representation(chosen: Configuration) -> str:
    if isinstance(chosen, VaeConfiguration):
        return chosen.representation
    return chosen.encoding.representation


def _check_name(name: str, examples: Path) -> None:
    """Refuse, before hours of training, a name that another model has."""
    if (SHIPPED / f"{name}.json").exists():
        raise TrainingError(f"a model that ships is called {name!r}: give this one another --name")
    taken = own_folder() / f"{name}.json"
    if taken.exists():
        known = read_card(taken).provenance.get("examples", {}).get("sha256")
        if known != data.load(examples)[0]["sha256"]:
            raise TrainingError(f"{taken.parent} has another model called {name!r}: give this one another --name")


def _claim(prepared: Prepared, folder: Path) -> None:
    """Note in a new folder whose it is; refuse one of another training."""
    if (folder / f"{prepared.name}.tflite").exists():
        raise TrainingError(f"{folder} is a folder of models: name another for the training")
    wanted = {
        "model": prepared.config,
        "examples": prepared.facts["sha256"],
        "recipe": plain(prepared.recipe),
    }
    wanted = json.loads(json.dumps(wanted))
    if (folder / RUN).exists():
        known = read_json(folder / RUN, "a training's folder")
        differing = [
            f"{key}: {old!r} there, {new!r} now"
            for key, old, new in _differences(known, wanted)
            if key not in MAY_CHANGE and key != "name"
        ]
        if differing:
            raise TrainingError(f"{folder} holds another training ({'; '.join(differing)}): name another --run folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / RUN, wanted)
    except OSError as fault:
        raise TrainingError(f"{folder} can't be written: {fault.strerror}") from fault


def _differences(known: dict[str, Any], wanted: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    found: list[tuple[str, Any, Any]] = []
    for key in sorted(known.keys() | wanted.keys()):
        old, new = known.get(key), wanted.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            found += _differences(old, new)
        elif old != new:
            found.append((key, old, new))
    return found


def _description(prepared: Prepared, licence: str) -> Description:
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
        },
    )
