"""Trainings in stages, as GANSynth's are: which stage counts, and what the training says that its variables don't.

Such a training's folder holds one of each stage, ``stage_00000`` and so on, the flags of the training in
``experiment.json``, and in ``assets`` what some normalisers have measured. Sources: ``load_from_path`` and
``set_flags`` in magenta/models/gansynth/lib/model.py, data_normalizer.py, gansynth_train.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from latentfm.errors import ModelError
from latentfm.models.gansynth import CONFIGURATIONS, Normaliser
from latentfm.training.checkpoints.names import GENERATOR

EXPERIMENT: Final = "experiment.json"
ASSETS: Final = "assets"
CONFIG: Final = "mel_prog_hires"  # the one that Magenta has
_STAGE = re.compile(r"stage_\d+")
_SIMPLE: Final = "specgrams_simple_normalizer"
_BY_BIN: Final = "specgrams_freq_normalizer"
BESIDE: Final = (EXPERIMENT, f"{_SIMPLE}.npz", f"{_BY_BIN}.npz")
_USUAL = CONFIGURATIONS[CONFIG].facts


class Flags(BaseModel):
    """Those of a training's flags that its generator depends on, under Magenta's names.

    One that is not there has the value of ``mel_prog_hires``.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    audio_length: int = _USUAL.samples
    sample_rate: int = _USUAL.sample_rate
    num_resolutions: int = Field(default=_USUAL.resolutions, ge=1, le=16)
    latent_vector_size: int = Field(default=_USUAL.z_size, ge=1)
    train_min_pitch: int = _USUAL.lowest_pitch
    train_progressive: bool = True
    stable_stage_num_images: int = Field(default=800_000, ge=1)
    transition_stage_num_images: int = Field(default=800_000, ge=1)
    mag_normalizer_a: float = _USUAL.magnitude.scale[0]
    mag_normalizer_b: float = _USUAL.magnitude.offset[0]
    p_normalizer_a: float = _USUAL.frequency.scale[0]
    p_normalizer_b: float = _USUAL.frequency.offset[0]
    data_normalizer: str = "specgrams_prespecified_normalizer"
    # What this engine has one way of alone:
    data_type: Literal["mel"] = "mel"
    scale_mode: Literal["ALL"] = "ALL"
    scale_base: Literal[2] = 2
    simple_arch: Literal[False] = False
    to_rgb_activation: Literal["tanh"] = "tanh"
    train_time_limit: None = None


@dataclass(frozen=True)
class Experiment:
    """What a training says: its flags, and how its spectrograms were normalised."""

    flags: Flags
    magnitude: Normaliser
    frequency: Normaliser


def is_stage(name: str) -> bool:
    """Say whether a folder is called as a training's stages are."""
    return _STAGE.fullmatch(name) is not None


def last_stage(prefixes: set[str]) -> set[str]:
    """Return those of a training's checkpoints that are of its last stage; others all."""
    folders = {PurePosixPath(prefix).parent for prefix in prefixes}
    if len({folder.parent for folder in folders}) != 1 or not all(is_stage(folder.name) for folder in folders):
        return prefixes
    last = max(folders, key=lambda folder: folder.name)
    return {prefix for prefix in prefixes if PurePosixPath(prefix).parent == last}


def newest_stage(folder: Path) -> Path:
    """Return the folder of the last stage of a training, itself where it has none."""
    return max((path for path in folder.glob("stage_*") if is_stage(path.name)), default=folder)


def training_of(stage: Path) -> Path:
    """Return the folder of the training that a folder with a checkpoint belongs to."""
    return stage.parent if is_stage(stage.name) else stage


def is_generator(names: Iterable[str]) -> bool:
    """Say whether these are the variables of a GANSynth."""
    return any(name.startswith(GENERATOR) for name in names)


def read_experiment(folder: Path) -> Experiment:
    """Return what a training's folder says; without `EXPERIMENT`, what ``mel_prog_hires`` does.

    Raises:
        ModelError: it is damaged, or the training was of another kind than can be played.
    """
    path = folder / EXPERIMENT
    try:
        flags = Flags.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        flags = Flags()
    except ValidationError as fault:
        said = "; ".join(_said(error) for error in fault.errors())
        raise ModelError(f"the training that {EXPERIMENT} tells of can't be played: {said}") from fault
    except (OSError, UnicodeDecodeError) as fault:
        raise ModelError(f"{EXPERIMENT} can't be read: {fault}") from fault
    return Experiment(flags, *_normalisers(folder, flags))


def _said(error: Any) -> str:
    where = ".".join(map(str, error["loc"]))
    return f"{where} is {error['input']!r}: {error['msg']}" if where else str(error["msg"])


def _normalisers(folder: Path, flags: Flags) -> tuple[Normaliser, Normaliser]:
    if flags.data_normalizer == "none":
        return Normaliser(scale=(1.0,), offset=(0.0,)), Normaliser(scale=(1.0,), offset=(0.0,))
    if flags.data_normalizer == "specgrams_prespecified_normalizer":
        return (
            Normaliser(scale=(flags.mag_normalizer_a,), offset=(flags.mag_normalizer_b,)),
            Normaliser(scale=(flags.p_normalizer_a,), offset=(flags.p_normalizer_b,)),
        )
    if flags.data_normalizer not in (_SIMPLE, _BY_BIN):
        raise ModelError(f"{EXPERIMENT} names the normaliser {flags.data_normalizer}, which Latent FM does not know")
    columns = _measured(folder, f"{flags.data_normalizer}.npz")
    magnitude_scale, magnitude_offset, scale, offset = (tuple(column) for column in columns)
    return (
        Normaliser(scale=magnitude_scale, offset=magnitude_offset),
        Normaliser(scale=scale, offset=offset),
    )


def _measured(folder: Path, name: str) -> list[list[float]]:
    """Return what a normaliser has measured: scale and offset of both channels, for all bins or for each."""
    path = next((place for place in (folder / ASSETS / name, folder / name) if place.is_file()), None)
    if path is None:
        raise ModelError(f"{ASSETS}/{name} is missing, which {EXPERIMENT} says tells how spectrograms were normalised")
    try:
        with np.load(path) as arrays:
            table = np.asarray(arrays["normalizer"], np.float64)
    except (OSError, ValueError, KeyError, EOFError) as fault:
        raise ModelError(f"{ASSETS}/{name} is damaged: {fault}") from fault
    table = table.reshape(-1, table.shape[-1])
    if table.shape[1] != 4 or not np.isfinite(table).all():  # noqa: PLR2004 - two numbers of each channel
        raise ModelError(f"{ASSETS}/{name} is damaged: four numbers are needed of each bin, not {table.shape}")
    found: list[list[float]] = table.T.tolist()
    return found
