"""What a playlist's takes are made from, by name and SHA-256, as a brief carries it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from latentfm.errors import MidiError
from latentfm.models import catalogue
from latentfm.playlist import Playlist
from latentfm.render import soundfonts


@dataclass(frozen=True)
class Sources:
    """Names mapped to checksums: playables, SoundFonts, and the paths of anchors."""

    models: dict[str, str]
    sounds: dict[str, str]
    anchors: dict[str, str]


def sources_of(playlist: Playlist) -> Sources:
    """Return what a playlist's takes are made from.

    Raises:
        ModelError, SoundFontError, MidiError: something that it names is not there.
    """
    fonts = {voice.soundfont for voice in playlist.voices}
    return Sources(
        models={name: catalogue.checksum(name) for name in sorted(playlist.model_names)},
        sounds={font: soundfonts.checksum(soundfonts.find(font)) for font in sorted(fonts)},
        anchors={anchor: _file_checksum(Path(anchor)) for anchor in playlist.walk.anchors},
    )


def _file_checksum(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise MidiError(f"{path}: can't be read: {error.strerror}") from error
