"""What music is made with: weights, SoundFonts, encoders, and a processor that is fast enough."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator

import numpy as np
import soundfile as sf

from latentfm.audio.pcm import SAMPLE_RATE, Pcm, seconds_to_frames
from latentfm.broadcast.encoders import FORMATS
from latentfm.config import Config, find_playlist, load_playlist
from latentfm.doctor.finding import Finding
from latentfm.errors import ConfigError, LatentFMError
from latentfm.playlist import Playlist, Voice

_COMFORTABLE, _LEAST = 3.0, 1.0  # times real time
_SECTION = (45.0, 60.0)  # seconds
_REINSTALL = "install the release anew: sudo make upgrade"
_NOTE_SECONDS = 0.5
_TONE_SECONDS = 2.0
_AUDIBLE = 0.001  # of full scale: -60 dB


def look_at_weights(config: Config) -> Iterator[Finding]:
    """Yield whether every playable that is here is the one that its card was written for."""
    del config  # all of them: a playlist may name another one tomorrow
    from latentfm.models import catalogue, playable  # noqa: PLC0415

    sound, size = 0, 0
    for entry in catalogue.entries():
        try:
            playable.verify(entry.path, entry.card.sha256)
        except LatentFMError as error:
            remedy = _REINSTALL if entry.ships else f"import {entry.card.name} again, with --replace"
            yield Finding(check="weights", state="failed", text=str(error), remedy=remedy)
        else:
            sound, size = sound + 1, size + entry.path.stat().st_size
    if sound:
        text = f"{sound} models, {size / 1e6:.0f} MB, match their checksums"
        yield Finding(check="weights", state="ok", text=text)
    else:
        yield Finding(check="weights", state="failed", text="there is no sound model here", remedy=_REINSTALL)


def look_at_soundfonts(config: Config) -> Iterator[Finding]:
    """Yield whether FluidSynth plays every program that the programme's playlists ask for."""
    from latentfm.render import soundfonts  # noqa: PLC0415
    from latentfm.timbre.voicing import voiced  # noqa: PLC0415

    voices: dict[str, dict[tuple[int, int], Voice]] = {}
    for playlist in _playlists(config):
        for voice in voiced(playlist, time.time()).voices:
            voices.setdefault(voice.soundfont, {})[voice.bank, voice.program] = voice
    for name, programs in voices.items():
        try:
            path = soundfonts.find(name)
            silent = [number for number, voice in programs.items() if not _sounds(voice)]
        except LatentFMError as error:
            yield Finding(check="soundfonts", state="failed", text=str(error))
            continue
        if silent:
            text = f"{path}: silent where it should sound (bank, program): {silent}"
            yield Finding(check="soundfonts", state="failed", text=text, remedy="take another program or SoundFont")
        else:
            yield Finding(check="soundfonts", state="ok", text=f"{path}: {len(programs)} programs sound")


def look_at_encoders(config: Config) -> Iterator[Finding]:
    """Yield whether each format that feeds and takes have can be written and read back."""
    del config  # all of them: the built-in stream and the bank need theirs whatever is configured
    for name, form in FORMATS.items():
        encoder = form.make(192)
        data = b"".join(encoder.encode(block) for block in np.array_split(_tone(), 20))
        yield _read_back(name, data)
    for container, subtype in (("FLAC", "PCM_24"), ("OGG", "OPUS")):
        file = io.BytesIO()
        try:
            sf.write(file, _tone(), SAMPLE_RATE, format=container, subtype=subtype)
        except (sf.LibsndfileError, ValueError) as error:
            yield _no_encoder(container.lower(), str(error))
        else:
            yield _read_back("flac" if container == "FLAC" else "opus", file.getvalue())


def look_at_speed(config: Config) -> Iterator[Finding]:
    """Yield how many times real time this machine composes and renders: of one short section, models loaded anew."""
    from latentfm.compose import compose  # noqa: PLC0415
    from latentfm.orders import next_brief  # noqa: PLC0415
    from latentfm.sources import sources_of  # noqa: PLC0415
    from latentfm.studio.produce import finish  # noqa: PLC0415
    from latentfm.timbre.voicing import voiced  # noqa: PLC0415

    playlist = voiced(next(iter(_playlists(config))))
    brief = next_brief(
        station_seed=config.station.seed,
        section=0,
        playlist=playlist,
        sources=sources_of(playlist),
        seconds=_SECTION,
        loudness=config.station.loudness,
    )
    began = time.monotonic()
    section = compose(brief)
    composed = time.monotonic()
    audio, _ = finish(brief, section)
    rendered = time.monotonic()
    seconds = len(audio) / SAMPLE_RATE
    speed = seconds / (rendered - began)
    text = (
        f"{speed:.1f} times real time: {seconds:.0f} s of {playlist.name} composed in {composed - began:.1f} s, "
        f"rendered in {rendered - composed:.1f} s"
    )
    if speed >= _COMFORTABLE:
        yield Finding(check="speed", state="ok", text=text)
        return
    remedy = "see what else runs here (a station that runs counts); fewer [melody] candidates in the playlists help"
    if speed >= _LEAST:
        yield Finding(check="speed", state="warning", text=text, remedy=f"there is little to spare: {remedy}")
    else:
        remedy = f"the station would mostly repeat itself: {remedy}"
        yield Finding(check="speed", state="failed", text=text, remedy=remedy)


def _playlists(config: Config) -> list[Playlist]:
    """Return the programme's playlists that can be read, the default one first; those that can't are told already."""
    found = []
    for name in config.programme.names():
        try:
            found.append(load_playlist(find_playlist(config, name)))
        except ConfigError:
            continue
    if not found:
        raise ConfigError("no playlist of the programme can be read: see the line about the settings")
    return found


def _sounds(voice: Voice) -> bool:
    """Play a note in the middle of a voice's range and say whether it can be heard."""
    from latentfm.render import soundfonts  # noqa: PLC0415
    from latentfm.render.events import Note  # noqa: PLC0415
    from latentfm.render.synth import Synth  # noqa: PLC0415

    frames = seconds_to_frames(_NOTE_SECONDS)
    pitches = (36, 38, 42) if voice.role == "drums" else ((voice.low + voice.high) // 2,)
    with Synth() as synth:
        channel = synth.add_channel(soundfonts.find(voice.soundfont), voice.bank, voice.program)
        pcm = synth.play([Note(channel, pitch, 100, 0, frames) for pitch in pitches], frames)
    return bool(np.isfinite(pcm).all() and np.abs(pcm).max() > _AUDIBLE)


def _tone() -> Pcm:
    """Return a tone of A4 at -12 dBFS."""
    turns = np.arange(seconds_to_frames(_TONE_SECONDS)) * (440.0 / SAMPLE_RATE)
    tone = 0.25 * np.sin(2 * np.pi * turns)
    return np.stack([tone, tone], axis=1).astype(np.float32)


def _read_back(name: str, data: bytes) -> Finding:
    """Decode what an encoder made of the tone, and say whether it is still one."""
    try:
        pcm, rate = sf.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (sf.LibsndfileError, ValueError) as error:
        return _no_encoder(name, str(error))
    heard = float(np.sqrt(np.mean(np.square(pcm[len(pcm) // 4 : len(pcm) // 2])))) if len(pcm) else 0.0
    if rate != SAMPLE_RATE or not 0.15 < heard < 0.2:  # noqa: PLR2004 - 0.25 divided by the square root of 2 is 0.177
        return _no_encoder(name, f"{len(pcm)} frames at {rate} Hz with an RMS of {heard:.3f} came back of a tone")
    return Finding(check="encoders", state="ok", text=f"{name}: encodes and decodes")


def _no_encoder(name: str, fault: str) -> Finding:
    return Finding(check="encoders", state="failed", text=f"{name}: {fault}", remedy=_REINSTALL)
