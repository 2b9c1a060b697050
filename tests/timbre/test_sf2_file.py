"""SoundFonts as they are written: whole, as the format has it, and the same each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import sf2_reader
from latentfm.audio.loudness import decibels
from latentfm.audio.pcm import SAMPLE_RATE
from latentfm.errors import TimbreError
from latentfm.render import soundfonts
from latentfm.timbre import pitch
from latentfm.timbre.sf2 import file
from latentfm.timbre.sf2.font import EVERY, Envelope, Font, Instrument, Loop, Preset, Sample, Zone

Tone = Callable[..., NDArray[np.float32]]
Heard = Callable[..., NDArray[np.float32]]
SECOND = SAMPLE_RATE


def sample(sound: NDArray[np.float32], *, rate: int = SAMPLE_RATE, loop: Loop | None = None, name: str = "s") -> Sample:
    """Return a sample of a sound."""
    return Sample(name, np.rint(sound * 32767).astype(np.int16), rate, loop)


def one(zone: Zone) -> Font:
    """Return a font of one zone."""
    return Font("one", (Preset("one", (Instrument("one", (zone,)),)),))


def level(sound: NDArray[np.float32]) -> float:
    """Return the RMS in dBFS."""
    return decibels(float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))))


def spectrum(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the magnitudes of a second's sound."""
    return np.abs(np.fft.rfft(sound[:SECOND] * np.hanning(SECOND)))


# What is written is what was given ---------------------------------------------------------------------------------

_names = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)


@st.composite
def _samples(draw: st.DrawFn, name: str) -> Sample:
    frames = draw(st.integers(48, 300))
    values = np.random.default_rng(draw(st.integers(0, 99))).integers(-32768, 32768, frames, dtype=np.int16)
    start = draw(st.integers(8, frames))
    loop = Loop(start, start + draw(st.integers(32, 300)))
    loop = loop if loop.stop <= frames - 8 else None
    return Sample(name, values, draw(st.integers(400, 50_000)), loop)


_spans = st.tuples(st.integers(0, 127), st.integers(0, 127)).map(lambda ends: (min(ends), max(ends)))
_envelopes = st.builds(
    Envelope,
    attack=st.floats(0, 100),
    hold=st.floats(0, 17),
    decay=st.floats(0, 100),
    sustain=st.floats(0, 144),
    release=st.floats(0, 100),
    hold_key=st.none() | st.integers(0, 127),
)


@st.composite
def _fonts(draw: st.DrawFn) -> Font:
    names = draw(st.lists(_names, min_size=1, max_size=4, unique=True))
    samples = [draw(_samples(name)) for name in names]
    zones = st.builds(
        Zone,
        sample=st.sampled_from(samples),
        root_key=st.integers(0, 127),
        keys=_spans,
        velocities=_spans,
        cents=st.integers(-99, 99),
        attenuation=st.floats(0, 144),
        envelope=_envelopes,
        cutoff=st.none() | st.floats(20, 19_900),
    )
    instruments = [Instrument(name, tuple(draw(st.lists(zones, min_size=1, max_size=3)))) for name in names[:2]]
    places = draw(st.lists(st.tuples(st.integers(0, 128), st.integers(0, 127)), min_size=1, max_size=3, unique=True))
    presets = tuple(
        Preset(
            f"preset {number}",
            tuple(draw(st.lists(st.sampled_from(instruments), min_size=1, max_size=2))),
            program,
            bank,
        )
        for number, (bank, program) in enumerate(places)
    )
    return Font(
        draw(st.text(min_size=1, max_size=300)), presets, draw(st.text(max_size=50)), draw(st.text(max_size=50))
    )


@given(_fonts())
def test_whatever_is_written_passes_for_whole_and_reads_back(font: Font) -> None:
    """Our verifier accepts any font, and samples, loops, ranges, keys and tunings come back as they were."""
    content = file.encode(font)
    assert content == file.encode(font)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "font.sf2"
        file.write(font, path)
        soundfonts.verify(path)
        assert path.read_bytes() == content
    back = sf2_reader.read(content)
    assert back.info["ifil"] == b"\x02\x00\x04\x00"
    assert [(name, program, bank) for name, program, bank, _ in back.presets] == [
        (preset.name, preset.program, preset.bank) for preset in font.presets
    ]
    for written, given_ in zip(back.samples, font.samples, strict=True):
        assert np.array_equal(written.frames, given_.frames)
        assert not written.after.any()
        assert len(written.after) == file.GAP
        assert (written.name, written.rate, written.kind) == (given_.name, given_.rate, 1)
        if given_.loop is not None:
            assert written.loop == (given_.loop.start, given_.loop.stop)
    for preset, (_, _, _, zones) in zip(font.presets, back.presets, strict=True):
        numbers = [zone[sf2_reader.INSTRUMENT] for zone in zones]
        assert [back.instruments[number][0] for number in numbers] == [part.name for part in preset.instruments]
    for instrument, (name, zones) in zip(font.instruments, back.instruments, strict=True):
        assert name == instrument.name
        for zone, written_zone in zip(instrument.zones, zones, strict=True):
            assert written_zone.get(sf2_reader.KEYS, EVERY) == zone.keys
            assert written_zone.get(sf2_reader.VELOCITIES, EVERY) == zone.velocities
            assert back.samples[written_zone[sf2_reader.SAMPLE]].name == zone.sample.name
            assert written_zone[58] == zone.root_key
            assert written_zone.get(52, 0) == zone.cents
            assert written_zone.get(48, 0) == round(10 * zone.attenuation)
            assert written_zone.get(54, 0) == int(zone.sample.loop is not None)


def test_a_font_takes_the_place_of_an_older_one_whole(tmp_path: Path, tone: Tone) -> None:
    """Nothing but the font is left in its folder, and a folder that is not there yet is made."""
    path = tmp_path / "made" / "font.sf2"
    file.write(one(Zone(sample(tone(60)), 60)), path)
    before = path.read_bytes()
    file.write(one(Zone(sample(tone(62)), 62)), path)
    assert path.read_bytes() != before
    assert [found.name for found in path.parent.iterdir()] == ["font.sf2"]


def test_a_font_that_cannot_be_written_says_so(tmp_path: Path, tone: Tone) -> None:
    """A file where the folder should be is named, and nothing is left behind."""
    (tmp_path / "file").write_text("here first")
    with pytest.raises(TimbreError, match="can't be written"):
        file.write(one(Zone(sample(tone(60)), 60)), tmp_path / "file" / "font.sf2")
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


# Limits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda s: replace(s, name="a name of more than twenty"), "1 to 20 letters"),
        (lambda s: replace(s, name="flöte"), "ASCII only"),
        (lambda s: replace(s, name=""), "1 to 20 letters"),
        (lambda s: replace(s, frames=s.frames[:47]), "48 or more"),
        (lambda s: replace(s, frames=s.frames.astype(np.float32)), "expected int16"),
        (lambda s: replace(s, rate=96_000), "its rate in Hz must be from 400 to 50000"),
        (lambda s: replace(s, loop=Loop(7, 100)), "must leave 8 frames"),
        (lambda s: replace(s, loop=Loop(100, len(s.frames) - 7)), "must leave 8 frames"),
        (lambda s: replace(s, loop=Loop(100, 131)), "shorter than 32"),
        (lambda s: replace(s, loop=Loop(500, 100)), "shorter than 32"),
        (lambda s: Zone(s, 128), "root key"),
        (lambda s: Zone(s, 60, keys=(61, 60)), "go from 61 down to 60"),
        (lambda s: Zone(s, 60, velocities=(0, 128)), "velocities"),
        (lambda s: Zone(s, 60, cents=100), "tuning in cents"),
        (lambda s: Zone(s, 60, attenuation=-1.0), "attenuation"),
        (lambda s: Zone(s, 60, cutoff=float("nan")), "cutoff"),
        (lambda _: Envelope(release=200.0), "release in seconds must be from 0 to 100, not 200"),
        (lambda _: Envelope(hold=20.0), "hold"),
        (lambda _: Instrument("none", ()), "no zones"),
        (lambda _: Preset("none", ()), "no instruments"),
        (lambda _: Font("none", ()), "no presets"),
        (lambda s: Preset("p", (Instrument("i", (Zone(s, 60),)),), program=128), "its program"),
        (lambda s: Font("two", one(Zone(s, 60)).presets * 2), "two presets on bank 0, program 0"),
        (lambda s: one(Zone(s, 60)).presets[0] and _two_of_a_name(s), "two samples of the name 's'"),
    ],
)
def test_what_the_format_does_not_take_is_refused(wrong: Callable[[Sample], object], message: str, tone: Tone) -> None:
    """Names, lengths, loops, keys, times and numbers outside the specification's are named as faults."""
    with pytest.raises(TimbreError, match=message):
        wrong(sample(tone(60, 0.1)))


def _two_of_a_name(first: Sample) -> Font:
    second = Sample(first.name, first.frames, first.rate)
    return Font("two", (Preset("p", (Instrument("i", (Zone(first, 60), Zone(second, 61))),)),))


# FluidSynth plays what was put in ----------------------------------------------------------------------------------


def test_fluidsynth_plays_the_samples(tone: Tone, heard: Heard) -> None:
    """A sample at its root key comes back with its spectrum, to -50 dB of its strongest line."""
    sound = tone(60.0)
    back = heard([Zone(sample(sound), 60)])
    put_in, came_out = spectrum(sound[4800:]), spectrum(back[4800:])
    came_out *= np.linalg.norm(put_in) / np.linalg.norm(came_out)
    assert decibels(float(np.abs(put_in - came_out).max() / put_in.max())) < -50


@pytest.mark.parametrize(
    ("rate", "key", "cents"), [(32_000, 60, 0), (48_000, 72, 0), (48_000, 55, 37), (22_050, 64, -99)]
)
def test_keys_sound_at_their_pitch(rate: int, key: int, cents: int, tone: Tone, heard: Heard) -> None:
    """A sample of any rate plays any key at its pitch, tuned up by its cents, to half a cent."""
    back = heard([Zone(sample(tone(60.0, rate=rate), rate=rate), 60, cents=cents)], key)
    found = pitch.detect(back, SAMPLE_RATE)
    assert 100 * (found.pitch - key) == pytest.approx(cents, abs=0.5)


def test_ranges_choose_the_sample(tone: Tone, heard: Heard) -> None:
    """Each key and velocity finds the zone that is for it, and none outside all of them."""
    zones = [
        Zone(sample(tone(60), name="low"), 60, keys=(0, 60), velocities=(0, 64)),
        Zone(sample(tone(67), name="hard"), 60, keys=(0, 60), velocities=(65, 127)),
        Zone(sample(tone(73), name="high"), 61, keys=(61, 90)),
    ]
    for key, velocity, expected in ((60, 64, 60), (60, 65, 67), (61, 64, 73), (61, 127, 73)):
        assert pitch.detect(heard(zones, key, velocity), SAMPLE_RATE).pitch == pytest.approx(expected, abs=0.01)
    assert not heard(zones, 91).any()


def test_a_loop_goes_on_and_a_sample_without_ends(tone: Tone, heard: Heard) -> None:
    """With a loop the note lasts while the key is held; without one as long as its sample."""
    sound = tone(69.0, 0.5)
    period = SAMPLE_RATE / 440.0
    loop = Loop(4800, 4800 + round(88 * period))
    looped = heard([Zone(sample(sound, loop=loop), 69)], 69, seconds=3.0)
    plain = heard([Zone(sample(sound), 69)], 69, seconds=3.0)
    assert level(looped[2 * SECOND :]) == pytest.approx(level(looped[4800:9600]), abs=0.2)
    assert level(plain[:20_000]) > -30
    assert not plain[30_000:].any()


def test_envelopes_take_their_time(tone: Tone, heard: Heard) -> None:
    """Decay falls by 100 dB in its time after the hold (FluidSynth: by 96), release after the key is let go."""
    looped = sample(tone(69.0, 0.5), loop=Loop(4800, 4800 + 9600))
    envelope = Envelope(hold=0.5, decay=5.0, sustain=100.0, release=2.0)
    back = heard([Zone(looped, 69, envelope=envelope)], 69, held=2.0, seconds=2.5)
    moments = [level(back[start : start + 4800]) for start in (9600, 48_000, 72_000, 98_400, 103_200)]
    assert moments[0] - level(back[18_000:22_800]) == pytest.approx(0.0, abs=0.2)
    assert moments[1] - moments[2] == pytest.approx(0.5 * 20.0, rel=0.06)
    assert moments[3] - moments[4] == pytest.approx(0.1 * (50.0 + 20.0), rel=0.35)


def test_a_hold_goes_with_the_samples_time(tone: Tone, heard: Heard) -> None:
    """An octave up a sample runs twice as fast, and its envelope holds half as long."""
    looped = sample(tone(60.0, 1.5), loop=Loop(48_000, 62_400))
    envelope = Envelope(hold=1.0, decay=2.0, sustain=100.0, hold_key=60)
    for key, until in ((60, 1.0), (72, 0.5)):
        back = heard([Zone(looped, 60, envelope=envelope)], key)
        levels = np.array([level(back[start : start + 2400]) for start in range(2400, 90_000, 2400)])
        falls = 0.05 * (1 + int(np.flatnonzero(levels < levels[0] - 1.5)[0]))
        assert falls == pytest.approx(until, abs=0.11)


def test_a_filter_takes_the_top_off(tone: Tone, heard: Heard) -> None:
    """A cutoff leaves the fundamental and takes high harmonics away."""
    open_, closed = (spectrum(heard([Zone(sample(tone(60)), 60, cutoff=cutoff)])[4800:]) for cutoff in (None, 600.0))
    change = 20 * np.log10(closed[[262, 2616]] / open_[[262, 2616]])
    assert change[0] > -2
    assert change[1] < -15


def test_attenuation_is_what_the_field_says(tone: Tone, heard: Heard) -> None:
    """FluidSynth takes 0.4 of a zone's attenuation, as its documentation says: so instruments do without."""
    plain, quieter = (heard([Zone(sample(tone(60)), 60, attenuation=dbs)]) for dbs in (0.0, 10.0))
    assert level(plain) - level(quieter) == pytest.approx(4.0, abs=0.15)


# Another reader ----------------------------------------------------------------------------------------------------


def test_an_independent_reader_plays_the_same(tone: Tone, tmp_path: Path, heard: Heard, elsewhere: Heard) -> None:
    """RustySynth finds the same zone, loop and tuning, and its notes have FluidSynth's pitch and spectrum."""
    zones = [
        Zone(sample(tone(60, 0.5), loop=Loop(4800, 4800 + 11_008), name="low"), 60, keys=(0, 65), cents=25),
        Zone(sample(tone(72, 0.5, 32_000), rate=32_000, name="high"), 72, keys=(66, 127), velocities=(64, 127)),
    ]
    ours = heard(zones, 64, 100)
    content = (tmp_path / "heard.sf2").read_bytes()
    theirs = elsewhere(content, 64, 100, 2.0)
    assert pitch.detect(theirs, SAMPLE_RATE).pitch == pytest.approx(64.25, abs=0.01)
    mine, other = (spectrum(sound[9600:]) for sound in (ours, theirs))
    strong = np.flatnonzero((mine[1:-1] > mine[:-2]) & (mine[1:-1] > mine[2:]) & (mine[1:-1] > 0.03 * mine.max())) + 1
    difference = 20 * np.log10(other[strong] / mine[strong])
    assert np.ptp(difference[strong < 4000]) < 1.0
    high = elsewhere(content, 74, 100, 0.4)
    assert pitch.detect(high[:19_200], SAMPLE_RATE).pitch == pytest.approx(74.0, abs=0.02)
    assert np.abs(elsewhere(content, 74, 60, 0.4)).max() < 1e-4


def test_an_independent_reader_refuses_what_is_cut_short(tone: Tone, elsewhere: Heard) -> None:
    """The other reader does read: it complains about half a font."""
    content = file.encode(one(Zone(sample(tone(60)), 60)))
    with pytest.raises(RuntimeError):
        elsewhere(content[: len(content) // 2], 60, 100, 0.1)
