"""The models that a section is made with, loaded."""

from __future__ import annotations

from dataclasses import dataclass

from latentfm.brief import Brief
from latentfm.errors import ComposeError
from latentfm.models import catalogue
from latentfm.models.event_rnn import EventRNN, PolyphonyRNN
from latentfm.models.music_vae import MusicVAE
from latentfm.music import metre
from latentfm.playlist import Playlist


@dataclass(frozen=True)
class Players:
    """The models of a playlist.

    The walk goes through ``melody_vae``; in a mood of trios it is their model, and there are no others. A mood without
    drums has no drum models, and one with them may do without a drums RNN.
    """

    melody_vae: MusicVAE
    melody_rnn: EventRNN | None
    drums_vae: MusicVAE | None
    drums_rnn: EventRNN | None
    polyphony: PolyphonyRNN | None
    checksums: dict[str, str]


def load(playlist: Playlist) -> Players:
    """Load the models that a playlist names.

    Raises:
        ModelError: one of them is unknown or damaged, or its windows are no bars of the playlist's metre.
    """
    models, named, bar = playlist.models, playlist.model_names, metre.of(playlist)
    cards = [catalogue.find(name).card for name in named]
    for card in cards:
        card.check_windows(bar.name, bar.steps_per_bar)
    return Players(
        melody_vae=catalogue.load_vae(playlist.walks_in),
        melody_rnn=catalogue.load_rnn(models.melody_rnn) if models.melody_rnn in named else None,
        drums_vae=catalogue.load_vae(models.drums_vae) if models.drums_vae in named else None,
        drums_rnn=catalogue.load_rnn(models.drums_rnn) if models.drums_rnn in named else None,
        polyphony=catalogue.load_polyphony(models.polyphony) if models.polyphony in named else None,
        checksums={card.name: card.sha256 for card in cards},
    )


def check(brief: Brief, players: Players) -> None:
    """Check that the models are those that the brief was written for, of the right kind, and on the sections' grid.

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
        (brief.playlist.walks_in, players.melody_vae, "trio" if named.trio else "melody"),
        (named.melody_rnn, players.melody_rnn, "melody"),
        (named.drums_vae, players.drums_vae, "drums"),
        (named.drums_rnn, players.drums_rnn, "drums"),
    ):
        if model is not None and model.representation != kind:
            raise ComposeError(
                f"playlist {brief.playlist.name}: the model {name} plays {model.representation}, not {kind}"
            )
    voices = players.polyphony
    if voices is not None and metre.STEPS_PER_QUARTER % voices.steps_per_quarter:
        raise ComposeError(
            f"playlist {brief.playlist.name}: the model {named.polyphony} counts {voices.steps_per_quarter} steps a "
            f"quarter, which sections with {metre.STEPS_PER_QUARTER} can't be laid on"
        )
