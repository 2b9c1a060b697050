"""The card of a playable: the JSON beside its LiteRT file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError

from latentfm.errors import ModelError
from latentfm.models.event_rnn.facts import RnnFacts
from latentfm.models.gansynth.facts import GanSynthFacts
from latentfm.models.music_vae.facts import VaeFacts
from latentfm.models.nsynth.facts import NSynthFacts
from latentfm.models.playable import Facts
from latentfm.models.spectral.facts import SpectralFacts

ANY_METRE: Final = "any"  # what is not bound to bars
ImportedFacts = VaeFacts | RnnFacts | NSynthFacts | GanSynthFacts  # of models that Magenta has checkpoints of
ModelFacts = ImportedFacts | SpectralFacts


class Card(Facts):
    """What is known of a playable: its model, where it came from, and the file it belongs to."""

    name: str
    description: str
    config: str  # Magenta's name of the configuration that it follows
    metre: str = "4/4"
    licence: str
    model: Annotated[ModelFacts, Field(discriminator="kind")]
    parameters: int
    sha256: str
    provenance: dict[str, Any] = Field(default_factory=dict)

    @property
    def steps_per_quarter(self) -> int | None:
        """Steps of its grid to a quarter note; None of a model of sound, which knows of no beats."""
        return self.model.steps_per_quarter if isinstance(self.model, VaeFacts | RnnFacts) else None

    def knows(self, metre: str) -> bool:
        """Say whether the model learnt music in a metre such as "3/4", or is bound to none."""
        return self.metre in (metre, ANY_METRE)

    def check_windows(self, metre: str, steps_per_bar: int) -> None:
        """Check that the windows of a MusicVAE are bars of a metre; other models have none.

        Raises:
            ModelError: it learnt another metre, or its windows are no whole bars.
        """
        if not isinstance(self.model, VaeFacts):
            return
        if not self.knows(metre):
            raise ModelError(f"{self.name!r} knows {self.metre}, not {metre}; name one that was trained in that metre")
        if self.model.steps % steps_per_bar:
            raise ModelError(
                f"{self.name!r} knows windows of {self.model.steps} sixteenths, which are no whole bars of {metre}"
            )


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
