"""The models that a section is made with, loaded."""

from __future__ import annotations

from dataclasses import dataclass

from latentfm.brief import Brief
from latentfm.errors import ComposeError
from latentfm.models import catalogue
from latentfm.models.event_rnn import EventRNN
from latentfm.models.music_vae import MusicVAE
from latentfm.playlist import Playlist


@dataclass(frozen=True)
class Players:
    """The models of a playlist. A mood without drums has no drum models."""

    melody_vae: MusicVAE
    melody_rnn: EventRNN
    drums_vae: MusicVAE | None
    drums_rnn: EventRNN | None
    checksums: dict[str, str]


def load(playlist: Playlist) -> Players:
    """Load the models that a playlist names.

    Raises:
        ModelError: one of them is unknown or damaged.
    """
    models = playlist.models
    drums = playlist.voice("drums") is not None
    names = [models.melody_vae, models.melody_rnn, *([models.drums_vae, models.drums_rnn] if drums else [])]
    return Players(
        melody_vae=catalogue.load_vae(models.melody_vae),
        melody_rnn=catalogue.load_rnn(models.melody_rnn),
        drums_vae=catalogue.load_vae(models.drums_vae) if drums else None,
        drums_rnn=catalogue.load_rnn(models.drums_rnn) if drums else None,
        checksums={name: catalogue.checksum(name) for name in names},
    )


def check(brief: Brief, players: Players) -> None:
    """Check that the models are those that the brief was written for, and the lead's of the right kind.

    Raises:
        ComposeError: they are not.
    """
    for name, wanted in brief.models.items():
        found = players.checksums.get(name)
        if found is not None and found != wanted:
            raise ComposeError(
                f"the model {name} has changed since the brief was written: {found[:12]}, not {wanted[:12]}"
            )
    named = brief.playlist.models
    for name, model, kind in (
        (named.melody_vae, players.melody_vae, "melody"),
        (named.melody_rnn, players.melody_rnn, "melody"),
        (named.drums_vae, players.drums_vae, "drums"),
        (named.drums_rnn, players.drums_rnn, "drums"),
    ):
        if model is not None and model.representation != kind:
            raise ComposeError(
                f"playlist {brief.playlist.name}: the model {name} plays {model.representation}, not {kind}"
            )
