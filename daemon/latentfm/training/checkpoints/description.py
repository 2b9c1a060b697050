"""What a training knows of its model and a checkpoint's variables do not say: a small JSON beside them.

A training keeps it in its folder, and an exported tar carries it along; Magenta passes it by.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from latentfm.errors import ModelError
from latentfm.training.checkpoints.files import write_whole

FILE = "model.json"


class Description(BaseModel):
    """A checkpoint's model: Magenta's configuration, and where this one differs from it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: str
    name: str = ""
    description: str = ""
    metre: str = "4/4"
    steps_per_bar: int = 16
    attn_length: int | None = None
    licence: str = "unstated"
    provenance: dict[str, Any] = Field(default_factory=dict)


def write_description(folder: Path, description: Description) -> None:
    """Write a description into a training's folder."""
    write_whole(folder / FILE, description.model_dump_json(indent=1) + "\n")


def read_description(folder: Path) -> Description | None:
    """Return the description in a folder, None where there is none.

    Raises:
        ModelError: it is damaged.
    """
    path = folder / FILE
    try:
        return Description.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, ValidationError) as fault:
        raise ModelError(f"{path} does not describe a checkpoint: {fault}") from fault
