"""Make the takes that ship: `make takes`. Two of each mood, composed by the station itself, as Opus.

A station with an empty bank begins with one of them, and goes on with them while its studio makes nothing. For each
mood sections are composed with one seed after the other, and the first are taken that miss none of the figures of a
section and pass the gate after decoding as well. What lay in the folder before is replaced.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import soundfile

from latentfm.audio import gate
from latentfm.audio.loudness import integrated, true_peak
from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE, Pcm
from latentfm.bank import DOCUMENT, MIDI, TakeReader
from latentfm.brief import Carry
from latentfm.compose import compose
from latentfm.config import find_playlist, load_config, load_playlist, playlist_names
from latentfm.errors import GateError
from latentfm.orders import next_brief
from latentfm.playlist import Playlist
from latentfm.sources import sources_of
from latentfm.studio import produce
from latentfm.take import TakeInfo
from latentfm.timbre.voicing import voiced

FOLDER = Path(__file__).parents[1] / "daemon" / "latentfm" / "takes"
PLAYLISTS = Path(__file__).parents[1].resolve() / "playlists"
AUDIO = "take.opus"
LEVEL = 0.832  # libsndfile's compression level that comes to 96 kbit/s for stereo
SECONDS = (46.0, 66.0)
LARGEST = 12_000_000  # bytes of the whole folder
TRIES = 40  # seeds that are tried for a mood


def candidates(playlist: Playlist, loudness: float, seeds: range) -> Iterator[tuple[Pcm, TakeInfo, bytes]]:
    """Yield sections of a mood that miss no figure, each going on from the last that was yielded."""
    playlist = voiced(playlist)
    sources = sources_of(playlist)
    carry: Carry | None = None
    for seed in seeds:
        brief = next_brief(
            station_seed=seed,
            section=carry.section if carry else 0,
            playlist=playlist,
            loudness=loudness,
            carry=carry,
            sources=sources,
        ).model_copy(update={"seconds": SECONDS})
        section = compose(brief)
        if section.provenance["missed"]:
            continue
        try:
            audio, info = produce.finish(brief, section)
        except GateError as error:
            print(f"{playlist.name}, seed {seed}: {error}", file=sys.stderr)
            continue
        yield audio, info, produce.midi_bytes(section)
        carry = info.carry


def write(folder: Path, audio: Pcm, info: TakeInfo, midi: bytes) -> TakeInfo:
    """Write a take as Opus and return its description, its levels those that a listener gets.

    Raises:
        GateError: what is decoded again must not air.
    """
    folder.mkdir(parents=True)
    with soundfile.SoundFile(
        folder / AUDIO, "w", SAMPLE_RATE, CHANNELS, format="OGG", subtype="OPUS", compression_level=LEVEL
    ) as file:
        file.write(audio)
    with TakeReader(folder / AUDIO) as reader:
        decoded = reader.read(2 * info.frames)
    gate.check(decoded, frames=info.frames, lufs=info.lufs, max_silence=info.max_silence, ceiling=0.0)
    info = info.model_copy(update={"lufs": integrated(decoded), "true_peak": true_peak(decoded)})
    (folder / MIDI).write_bytes(midi)
    document = json.dumps(info.model_dump(mode="json"), separators=(",", ":"))
    # Anchors are named by their paths on the machine that reads them; of one that ships the name is enough.
    (folder / DOCUMENT).write_text(document.replace(f"{PLAYLISTS}/", ""), encoding="utf-8")
    return info


def takes_of(folder: Path, mood: str) -> list[Path]:
    """Return the folders of a mood's takes."""
    documents = folder.glob(f"*/{DOCUMENT}")
    return [path.parent for path in documents if json.loads(path.read_bytes())["playlist"] == mood]


def main() -> int:
    """Make the takes; return 1 where a mood has too few or the folder is too large."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("moods", nargs="*", help="moods to make anew; all of them without any")
    parser.add_argument("--each", type=int, default=2, help="takes a mood")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    config = load_config(environ={})
    short = 0
    moods = playlist_names(config)
    for mood in options.moods or moods:
        playlist = load_playlist(find_playlist(config, mood))
        for old in takes_of(options.folder, mood):
            shutil.rmtree(old)
        made, first = 0, 1 + TRIES * moods.index(mood)  # each mood has seeds of its own
        for audio, info, midi in candidates(playlist, config.station.loudness, range(first, first + TRIES)):
            folder = options.folder / info.id
            try:
                heard = write(folder, audio, info, midi)
            except GateError as error:
                shutil.rmtree(folder)
                print(f"{info.id}, as Opus: {error}", file=sys.stderr)
                continue
            made += 1
            seconds = heard.frames / SAMPLE_RATE
            print(f"{folder.name}: {heard.title}, {seconds:.0f} s, {heard.lufs:.1f} LUFS, {heard.true_peak:.1f} dBTP")
            if made == options.each:
                break
        short += made < options.each
    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file())
    print(f"{size / 1e6:.1f} MB of {LARGEST / 1e6:.0f}")
    return int(short > 0 or size > LARGEST)


if __name__ == "__main__":
    sys.exit(main())
