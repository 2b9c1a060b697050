"""The card of a playable: the JSON beside its LiteRT file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from latentfm.errors import ModelError
from latentfm.models.event_rnn.facts import RnnFacts
from latentfm.models.music_vae.facts import VaeFacts
from latentfm.models.playable import Facts


class Card(Facts):
    """What is known of a playable: its model, where it came from, and the file it belongs to."""

    name: str
    description: str
    config: str  # Magenta's name of the configuration that it follows
    metre: str = "4/4"
    licence: str
    model: Annotated[VaeFacts | RnnFacts, Field(discriminator="kind")]
    parameters: int
    sha256: str
    provenance: dict[str, Any] = Field(default_factory=dict)


def read_card(path: Path) -> Card:
    """Read a playable's JSON.

    Raises:
        ModelError: it is missing or not such a file.
    """
    try:
        return Card.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise ModelError(f"{path} can't be read: {fault.strerror}; import the model again") from fault
    except (ValidationError, UnicodeDecodeError) as fault:
        raise ModelError(f"{path} does not describe a playable: {fault}") from fault
