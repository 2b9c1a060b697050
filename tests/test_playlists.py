"""The moods that ship, and that the documentation of playlists says what the schema says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfm.audio import loudness
from latentfm.audio.pcm import seconds_to_frames
from latentfm.brief import Brief
from latentfm.compose import compose, titles
from latentfm.compose.midi_in import melody_windows
from latentfm.config import load_playlist
from latentfm.music.metre import METRES
from latentfm.playlist import Playlist
from latentfm.render import levels, soundfonts
from latentfm.render.master import master
from latentfm.render.render import render
from latentfm.render.soundfonts import SHIPPED
from latentfm.render.synth import DRUM_BANK, Synth
from latentfm.timbre.voicing import unblended, voiced

ROOT = Path(__file__).resolve().parents[1]
PLAYLISTS = sorted((ROOT / "playlists").glob("*.toml"))
FRAMES = {  # mood: quarter notes a minute, lead notes a bar
    "dawn": ((56, 66), (1, 3)),
    "day": ((92, 108), (4, 7)),
    "dusk": ((72, 84), (3, 5)),
    "night": ((48, 58), (0.5, 2)),
    "rain": ((112, 124), (2, 4)),
    "waltz": ((100, 116), (3, 5)),
    "jig": ((144, 162), (3, 5)),
    "chorale": ((84, 92), (2, 4)),
}


@pytest.fixture(scope="module")
def shipped() -> dict[str, Playlist]:
    """Return the playlists that ship."""
    return {path.stem: load_playlist(path) for path in PLAYLISTS}


def test_eight_moods_ship(shipped: dict[str, Playlist]) -> None:
    """Each mood has its tempo and density, and no two share a lead, or a tempo in one metre."""
    assert {name: (mood.tempo.qpm, mood.melody.notes_per_bar) for name, mood in shipped.items()} == FRAMES
    for metre in METRES:
        ranges = sorted(mood.tempo.qpm for mood in shipped.values() if mood.tempo.metre == metre)
        assert ranges
        assert all(slower[1] <= faster[0] + 2 for slower, faster in pairwise(ranges))
    leads = [mood.voice("lead") for mood in shipped.values()]
    assert len({lead.blend or lead.program for lead in leads if lead}) == len(shipped)


@pytest.mark.parametrize("name", ["night", "day"])
def test_what_is_composed_does_not_depend_on_the_library(shipped: dict[str, Playlist], name: str) -> None:
    """A blended pad is held as the program is that plays until it is made: the same notes, struck as often."""
    mood = shipped[name]
    sections = [compose(Brief(seed=4, playlist=playlist)) for playlist in (voiced(mood), unblended(mood))]
    blended, plain = ([(note.pitch, note.start_time, note.velocity) for note in one.sequence.notes] for one in sections)
    assert blended == plain
    assert {voice.soundfont for voice in voiced(mood).voices} > {soundfonts.DEFAULT}


def test_a_full_kit_is_rare(shipped: dict[str, Playlist]) -> None:
    """At most a third of the playlists have a full kit, and calm moods have none."""
    kits = [mood for mood in shipped.values() if mood.voice("drums") and mood.percussion.style == "kit"]
    assert len(kits) <= len(shipped) / 3
    assert all(mood.form.motif_stretch == 1 for mood in kits)


def test_their_instruments_exist_and_are_calibrated(shipped: dict[str, Playlist]) -> None:
    """Each voice's program is in its font and in the table of levels that ships."""
    fonts = levels.shipped().fonts
    for mood in shipped.values():
        with Synth() as synth:
            for voice in voiced(mood).voices:
                font = soundfonts.find(voice.soundfont)
                synth.add_channel(font, voice.bank, voice.program)
                listed = fonts[soundfonts.checksum(font)].levels
                assert levels.name_of(voice.bank, voice.program, voice.darker) in listed
                assert (voice.bank == DRUM_BANK) == (voice.role == "drums")


def test_their_orchestration_is_sane(shipped: dict[str, Playlist]) -> None:
    """Leads lie above pads, basses below; colour and drums stand aside, lead and bass in the middle."""
    for mood in shipped.values():
        voices = {voice.role: voice for voice in mood.voices}
        if mood.models.polyphony:  # tenor and bass may cross into each other's range, as in a choir
            assert voices["bass"].low < voices["pad"].low
        else:
            assert voices["bass"].high <= voices["pad"].low
        assert voices["pad"].low < voices["lead"].low
        assert voices["pad"].high < voices["lead"].high
        assert max(abs(voices["lead"].pan), abs(voices["bass"].pan)) <= 0.1
        assert all(abs(voices[role].pan) >= 0.1 for role in ("counter", "colour", "drums") if role in voices)
        assert mood.form.seconds[0] >= 60
        assert mood.form.seconds[1] <= 150
        assert mood.mix.crossfade_seconds <= mood.form.seconds[0] / 5


def test_the_night_is_wet_and_the_day_dry(shipped: dict[str, Playlist]) -> None:
    """The night has the largest room and the most reverb, the day the smallest and the least."""

    def wet(name: str) -> tuple[float, float]:
        voices = shipped[name].voices
        return shipped[name].mix.room, sum(voice.reverb for voice in voices) / len(voices)

    for place in (0, 1):
        assert max(shipped, key=lambda name: wet(name)[place]) == "night"
        assert min(shipped, key=lambda name: wet(name)[place]) == "day"


def test_their_anchors_can_be_read(shipped: dict[str, Playlist]) -> None:
    """Some mood has a theme of its own, and each theme has windows that a model can read."""
    anchors = [Path(anchor) for mood in shipped.values() for anchor in mood.walk.anchors]
    assert anchors
    readme = (ROOT / "playlists" / "themes" / "README.md").read_text()
    for anchor in anchors:
        assert len(melody_windows(anchor, 32, METRES["4/4"])) >= 4
        assert f"`{anchor.name}`" in readme


def test_every_mood_has_an_instrument_that_does_not_exist(shipped: dict[str, Playlist]) -> None:
    """At the beginning of its walk it is among those that ship, and 10 MB hold all of them."""
    for mood in shipped.values():
        blended = [voice for voice in mood.voices if voice.blend is not None]
        assert blended, mood.name
        sounding = {voice.role: voice for voice in voiced(mood).voices}
        assert all((SHIPPED / f"{sounding[voice.role].soundfont}.sf2").is_file() for voice in blended), mood.name
    assert sum(file.stat().st_size for file in SHIPPED.glob("*.sf2")) <= 10_000_000


@pytest.mark.parametrize("name", list(FRAMES))
def test_a_section_has_the_loudness_that_its_mood_asks_for(name: str, shipped: dict[str, Playlist]) -> None:
    """No shortfall, no hole where the pad is alone, and mono costs no more than it does of unrelated sides."""
    mood = voiced(shipped[name])
    quick = mood.model_copy(update={"melody": mood.melody.model_copy(update={"candidates": 24})})
    anchors = dict.fromkeys(mood.walk.anchors, "")
    section = compose(Brief(seed=2, playlist=quick, anchors=anchors, seconds=(50, 75)))
    target = -16.0 + mood.mix.loudness_offset
    audio, report = master(render(section.sequence, mood), target)
    assert report.shortfall == 0.0
    assert report.lufs == pytest.approx(target, abs=0.1)
    head, out, end = (
        seconds_to_frames(at) for at in (section.head_seconds, section.out_seconds[0], section.out_seconds[-1])
    )
    body = loudness.integrated(audio[head:out])
    for alone in (audio[:head], audio[out:end]):
        assert -4.0 < loudness.integrated(alone) - body < 2.0
    mono = audio.mean(axis=1, keepdims=True).repeat(2, axis=1)
    assert loudness.integrated(np.ascontiguousarray(mono)) > report.lufs - 3.0


def test_no_two_moods_share_a_title(shipped: dict[str, Playlist]) -> None:
    """Each mood has words of its own, of which several thousand titles can be made."""
    seen: dict[str, str] = {}
    for name, mood in shipped.items():
        own = titles.words(mood)
        assert len(own.adjectives) * (len(own.things) + len(own.plurals)) + len(own.things) * len(own.plurals) > 2500
        for word in (*own.adjectives, *own.things, *own.plurals):
            assert word not in seen, f"{name} and {seen[word]} share {word}"
            seen[word] = name


def test_the_documentation_is_the_schema() -> None:
    """Every key of every table is documented, with the range and the default that the schema has; nothing else is."""
    assert documented() == dict(expected())


Row = tuple[str, str]  # range and default


def documented() -> dict[tuple[str, str], Row]:
    """Return range and default of each table and key in docs/playlists.md."""
    rows: dict[tuple[str, str], Row] = {}
    table = ""
    text = (ROOT / "docs" / "playlists.md").read_text()
    for line in text[text.index("## Every key") : text.index("## Own MIDI")].splitlines():
        if line.startswith("### "):
            table = "".join(re.findall(r"\w+", line)) if "[" in line else ""
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            key, _unit, span, default, meaning = cells
            assert meaning, f"{table}.{key} has no explanation"
            rows[table, key.strip("`")] = (span, default)
    return rows


def expected() -> Iterator[tuple[tuple[str, str], Row]]:
    """Yield the same from the schema."""
    schema = Playlist.model_json_schema()
    tables = {"": schema}
    for key, value in schema["properties"].items():
        reference = value.get("$ref") or value.get("items", {}).get("$ref")
        if reference:
            tables[key] = schema["$defs"][reference.rsplit("/", 1)[1]]
    for table, found in tables.items():
        for key, value in found["properties"].items():
            if (table or key) not in tables or table:
                yield (table, key), (span(value), default(table, key, value, found.get("required", [])))


def span(value: dict[str, Any]) -> str:
    """Say what values a key may have."""
    match value:
        case {"anyOf": [{"prefixItems": _}, {"maxItems": most, "minItems": least}, *_]}:
            said = f"a blend, or a list of {least} to {most}"
        case {"anyOf": [some, *_]}:
            said = span(some)
        case {"prefixItems": [first, *_]}:
            inner = span(first)
            said = f"pair {inner}" if inner.startswith("above") else f"pair of {inner}"
        case {"type": "array", "items": items}:
            said = f"list of {span(items)}"
        case {"enum": choices}:
            said = ", ".join(f"`{choice}`" for choice in choices)
        case {"exclusiveMinimum": low, "maximum": high}:
            said = f"above {low:g}, up to {high:g}"
        case {"minimum": low, "maximum": high}:
            said = f"{low:g} to {high:g}"
        case {"type": "string"}:
            said = "text"
        case _:
            raise AssertionError(f"no words for {value}")
    return said


def default(table: str, key: str, value: dict[str, Any], required: list[str]) -> str:
    """Say what a key is where it is left out."""
    if (table, key) == ("", "name"):
        return "the file's name"
    if key in required:
        return "none: must be given"
    if value["default"] is None:
        return {"blend": "`program` plays"}.get(key, "follows `notes_per_bar`")
    return f"`{json.dumps(value['default'])}`"
