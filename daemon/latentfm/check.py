"""``latentfm check``: everything that a configuration names, looked at before the station goes on air."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from latentfm.config import Config, find_playlist, load_config, load_playlist
from latentfm.entries import Entry
from latentfm.errors import ConfigError, LatentFMError, ModelError
from latentfm.outputs_config import SoundcardOutput
from latentfm.playlist import Playlist
from latentfm.programme import changes, local, programme_of

_ANCHOR_BARS = 2  # which is what the models read
_WEEK = 7 * 86_400
_SHORT = 240  # seconds
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class Report:
    """What was found: faults keep a station from running as configured, warnings do not."""

    path: Path
    faults: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    playlists: tuple[str, ...] = ()


def check(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Report:
    """Look at a configuration and at all that it names; nothing is raised for a fault that is found."""
    try:
        config = load_config(path, environ)
    except ConfigError as error:
        return Report(path or Path("config.toml"), tuple(str(error).splitlines()))
    faults = [*_state_faults(config), *_password_faults(config)]
    names = config.programme.names()
    for name in names:
        faults.extend(_playlist_faults(config, name))
    warnings = [*_warnings(config), *(warning for name in names for warning in _metre_warnings(config, name))]
    return Report(config.path, tuple(dict.fromkeys(faults)), tuple(warnings), names)


def _state_faults(config: Config) -> Iterator[str]:
    folder = config.station.state_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        yield f"{config.path}: station.state_dir = '{folder}': expected a folder to write to: {error.strerror}"


def _password_faults(config: Config) -> Iterator[str]:
    from latentfm.broadcast.secret import read_secret  # noqa: PLC0415 - its room reads the encoders

    token = config.web.control_token_file
    for fault in _said(partial(read_secret, token)) if token else ():
        yield f"{config.path}: web.control_token_file: {fault}"
    for number, output in enumerate(config.outputs):
        if output.type != "icecast":
            continue
        for fault in _said(partial(read_secret, output.password_file)):
            yield f"{config.path}: outputs[{number}].password_file: {fault}"


def _playlist_faults(config: Config, name: str) -> Iterator[str]:
    try:
        path = find_playlist(config, name)
    except ConfigError as error:
        yield f"{config.path}: programme: {error}"
        return
    try:
        playlist = load_playlist(path)
    except ConfigError as error:
        yield from str(error).splitlines()
        return
    for where, look in _looks(playlist):
        for fault in _said(look):
            yield f"{path}: {where}: {fault}"


def _looks(playlist: Playlist) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield each thing that a playlist names outside its file, and a look at it that raises what is wrong."""
    from latentfm.render import soundfonts  # noqa: PLC0415

    for role, name, representation in _roles(playlist):
        yield f"models.{role} = '{name}'", partial(_check_model, playlist, role, name, representation)
    for number, voice in enumerate(playlist.voices):
        yield f"voices[{number}].soundfont = '{voice.soundfont}'", partial(soundfonts.find, voice.soundfont)
        sounds = dict.fromkeys(sound for blend in voice.blends for sound in blend[:2])
        yield from ((f"voices[{number}].blend", partial(_check_sound, sound)) for sound in sounds)
    if playlist.walk.anchors:
        from latentfm.compose import midi_in  # noqa: PLC0415 - brings note-seq, which takes seconds
        from latentfm.music import metre  # noqa: PLC0415

        beats = metre.of(playlist)
        window = _ANCHOR_BARS * beats.steps_per_bar
    for number, anchor in enumerate(playlist.walk.anchors):
        yield f"walk.anchors[{number}]", partial(midi_in.melody_windows, Path(anchor), window, beats)


def _roles(playlist: Playlist) -> Iterator[tuple[str, str, str]]:
    """Yield each role that a model has in a playlist, the model's name, and what it must play."""
    models = playlist.models
    roles = [("melody_vae", models.melody_vae, "melody"), ("melody_rnn", models.melody_rnn, "melody")]
    if models.trio:  # it writes all that the others would
        roles = [("trio", models.trio, "trio")]
    elif playlist.voice("drums"):
        roles += [("drums_vae", models.drums_vae, "drums"), ("drums_rnn", models.drums_rnn, "drums")]
    if models.polyphony and not models.trio:
        roles.append(("polyphony", models.polyphony, "polyphony"))
    yield from (role for role in roles if role[1])  # a mood may do without a drums RNN


def _check_model(playlist: Playlist, role: str, name: str, representation: str) -> None:
    """Look whether a model is there and can play its role; raise ModelError where it can't."""
    from latentfm.models import catalogue  # noqa: PLC0415
    from latentfm.models.playable import verify  # noqa: PLC0415
    from latentfm.music import metre  # noqa: PLC0415

    kind: catalogue.Kind = "event_rnn" if role.endswith("_rnn") or role == "polyphony" else "music_vae"
    entry = catalogue.find(name, kind, representation)
    card = entry.card
    ours, theirs = metre.STEPS_PER_QUARTER, card.steps_per_quarter
    if theirs is None:
        raise ModelError(f"{name!r} makes sounds, and no notes")
    if ours % theirs if role == "polyphony" else ours != theirs:  # voices may move in steps that are longer
        raise ModelError(f"{name!r} counts {theirs} steps a quarter, where sections have {ours}")
    bar = metre.of(playlist)
    card.check_windows(bar.name, bar.steps_per_bar)
    verify(entry.path, card.sha256)


def _check_sound(sound: str) -> None:
    """Look whether a blend's sound is a program, or a recording with a pitch; raise TimbreError where it is neither."""
    from latentfm.music import programs  # noqa: PLC0415
    from latentfm.timbre import sources  # noqa: PLC0415

    if programs.number(sound) is None:
        sources.note(sound)


def _said(look: Callable[[], object]) -> list[str]:
    """Return what a look complains about, nothing if it does not."""
    try:
        look()
    except LatentFMError as error:
        return str(error).splitlines()
    return []


def _metre_warnings(config: Config, name: str) -> Iterator[str]:
    """Yield which of a playlist's RNNs learnt another metre: they go on in any, with the accents of their own."""
    from latentfm.models import catalogue  # noqa: PLC0415

    try:
        path = find_playlist(config, name)
        playlist = load_playlist(path)
    except ConfigError:  # which is a fault
        return
    metre = playlist.tempo.metre
    for role, model, _ in _roles(playlist):
        with contextlib.suppress(ModelError):  # which is a fault too
            card = catalogue.find(model, "event_rnn").card
            if not card.knows(metre):
                yield (
                    f"{path}: models.{role} = '{model}': it learnt {card.metre}, and its accents may fall beside the "
                    f"beats of {metre}"
                )


def _warnings(config: Config) -> Iterator[str]:
    for number, output in enumerate(config.outputs):
        if output.type == "soundcard":
            yield from _speaker_warnings(f"{config.path}: outputs[{number}]", output)
            continue
        parts = urlsplit(output.url)
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            where = f"{config.path}: outputs[{number}].url"
            yield f"{where}: the password goes to {parts.hostname} unencrypted; https would hide it"
    yield from _programme_warnings(config)


def _speaker_warnings(where: str, output: SoundcardOutput) -> Iterator[str]:
    """Yield why a sound card could not be played on now: it may be plugged in later, so it is no fault."""
    from latentfm.soundcard.listing import find_device  # noqa: PLC0415

    for warning in _said(partial(find_device, output.device)):
        yield f"{where}.device = '{output.device}': {warning}"


def _programme_warnings(config: Config) -> Iterator[str]:
    """Yield which entries are over for good, and which moods are so short that they may come and go unheard."""
    programme = programme_of(config.programme)
    now = time.time()
    today = local(programme, now).date()
    entries: dict[int, list[Entry]] = {}
    for entry in programme.entries:
        entries.setdefault(entry.number, []).append(entry)
    for number, parts in entries.items():
        if all(part.over(today) for part in parts):
            yield f"{config.path}: programme.entries[{number}]: all its dates are over"
    week = list(changes(programme, now, now + _WEEK))
    for change, following in pairwise(week):
        if following.at - change.at < _SHORT:
            at = f"{local(programme, change.at):%a %H:%M}"
            yield (
                f"{config.path}: programme: '{change.playlist}' is on for {following.at - change.at:.0f} s only "
                f"({at}); a change needs a section or two"
            )
            return
