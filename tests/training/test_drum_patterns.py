"""The drum pattern library: its files, its split and its arrangements."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import note_seq.drums_encoder_decoder as drums
import numpy as np
import pytest

from latentfm.errors import TrainingError
from latentfm.training.corpora.drum_library import BAR_STEPS, BEAT_STEPS, STYLES
from latentfm.training.corpora.drum_patterns import (
    DrumPattern,
    fill_over,
    labelled_windows,
    load_patterns,
    sequences,
    split,
    two_bar_windows,
)
from latentfm.training.corpora.drum_variations import CRASH, HAT, KICK, RIDE, SNARE, Labels, vary

PATTERNS = load_patterns()
GROOVES = [pattern for pattern in PATTERNS if pattern.role == "groove"]
HEADER = "[p] steps=16 metre=4/4 style=rock energy=3 calm=no role=groove"


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def _grooves(style: str, metre: str = "4/4") -> list[DrumPattern]:
    return [pattern for pattern in GROOVES if pattern.style == style and pattern.metre == metre]


def _per_bar(patterns: list[DrumPattern]) -> float:
    hits = sum(int(label).bit_count() for pattern in patterns for label in pattern.hits)
    return hits / sum(pattern.bars for pattern in patterns)


def test_the_library_is_as_large_as_it_was_asked_to_be() -> None:
    """There are 250 patterns in 4/4, 60 fills and 40 patterns in each other metre, half of it all calm."""
    assert sum(p.metre == "4/4" for p in PATTERNS) >= 250
    assert sum(p.metre == "4/4" and p.role == "fill" for p in PATTERNS) >= 60
    assert sum(p.metre == "3/4" for p in PATTERNS) >= 40
    assert sum(p.metre == "6/8" for p in PATTERNS) >= 40
    assert np.mean([p.calm for p in PATTERNS]) >= 0.5


def test_no_two_patterns_sound_the_same() -> None:
    """Played for two bars, every pattern differs from every other of its metre."""
    heard: dict[tuple[str, int, bytes], str] = {}
    for pattern in PATTERNS:
        two_bars = np.concatenate([pattern.bar(0).labels, pattern.bar(1).labels])
        key = (pattern.metre, pattern.start, two_bars.tobytes())
        assert key not in heard, f"{pattern.name} is {heard.get(key)}"
        heard[key] = pattern.name


def test_steps_fit_the_metre() -> None:
    """A pattern lasts one or two whole bars; accents and ghosts are hits; a fill begins where it says."""
    for pattern in PATTERNS:
        assert pattern.steps in {BAR_STEPS[pattern.metre], 2 * BAR_STEPS[pattern.metre]}, pattern.name
        assert pattern.hits.shape == pattern.accents.shape == pattern.ghosts.shape == (pattern.steps,)
        assert pattern.hits.dtype == np.int16
        assert not ((pattern.accents | pattern.ghosts) & ~pattern.hits).any(), pattern.name
        assert not pattern.hits[: pattern.start].any(), pattern.name
        assert pattern.start == 0 or pattern.role == "fill", pattern.name


def test_classes_stand_in_note_seqs_order() -> None:
    """Bit i of a label is the drum that note-seq's i-th class holds."""
    pitches = {
        "kick": 36,
        "snare": 38,
        "hat": 42,
        "open": 46,
        "low": 45,
        "mid": 48,
        "high": 50,
        "crash": 49,
        "ride": 51,
    }
    for place, pitch in enumerate(pitches.values()):
        assert pitch in drums.DEFAULT_DRUM_TYPE_PITCHES[place]


@pytest.mark.parametrize(
    ("lines", "number", "reason"),
    [
        ([HEADER, "kick x... x... x..."], 2, "found 12"),
        ([HEADER, "kick x... x... x... x..z"], 2, "x X o"),
        ([HEADER, "kick x... x... x... x...", "kick .... .... .... ...x"], 3, "twice"),
        ([HEADER, "cowbell x... x... x... x..."], 2, "cowbell"),
        (["kick x... x... x... x..."], 1, "before the first"),
        (["# a note", HEADER.replace("4/4", "5/4"), "kick x"], 2, "5/4"),
        ([HEADER.replace("steps=16", "steps=12"), "kick x... x... x..."], 1, "steps=12"),
        ([HEADER.replace("energy=3", "energy=6"), "kick x... x... x... x..."], 1, "energy=6"),
        ([HEADER.replace("rock", "polka"), "kick x... x... x... x..."], 1, "polka"),
        ([HEADER.replace(" calm=no", ""), "kick x... x... x... x..."], 1, "a header is"),
        ([HEADER.replace("groove", "fill from=8"), "kick x... x... x... x..."], 1, "none before"),
        ([HEADER], 1, "has hits"),
        ([HEADER, "kick x... x... x... x...", HEADER, "kick x... x... x... ...."], 3, "taken"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, lines: list[str], number: int, reason: str) -> None:
    """A pattern that can't be read is an error with its file, its line and what is wrong with it."""
    (tmp_path / "mine.txt").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(TrainingError, match=rf"mine\.txt, line {number}: .*{reason}"):
        load_patterns(tmp_path)


def test_a_folder_without_patterns_is_an_error(tmp_path: Path) -> None:
    """An empty folder is refused, not taken for an empty library."""
    with pytest.raises(TrainingError, match="no pattern files"):
        load_patterns(tmp_path)


def test_symbols_are_read_as_documented(tmp_path: Path) -> None:
    """Hits, accents, ghosts, separators and the repeat sign mean what the reader's docstring says."""
    header = HEADER.replace("steps=16", "steps=32")
    text = f"{header}\nkick  x... .... X... .... | %\nsnare ....o...........|............X..."
    (tmp_path / "mine.txt").write_text(text, encoding="utf-8")
    (pattern,) = load_patterns(tmp_path)
    assert np.flatnonzero(pattern.hits & KICK).tolist() == [0, 8, 16, 24]
    assert np.flatnonzero(pattern.hits & SNARE).tolist() == [4, 28]
    assert np.flatnonzero(pattern.accents & KICK).tolist() == [8, 24]
    assert np.flatnonzero(pattern.ghosts & SNARE).tolist() == [4]


@pytest.mark.parametrize("seed", range(5))
def test_split_keeps_patterns_and_their_bars_apart(seed: int) -> None:
    """Every pattern is on one side, no bar is on both, and each style gives about its share."""
    train, held = split(PATTERNS, _rng(seed), 0.15)
    assert {p.name for p in train}.isdisjoint(p.name for p in held)
    assert len(train) + len(held) == len(PATTERNS)
    assert len(held) / len(PATTERNS) == pytest.approx(0.15, abs=0.02)
    sides = [
        {(p.metre, p.start, p.bar(i).labels.tobytes()) for p in side for i in range(p.bars)} for side in (train, held)
    ]
    assert sides[0].isdisjoint(sides[1])
    for style in STYLES:
        share = np.mean([p in held for p in _grooves(style)])
        assert 0.05 < share < 0.3, style


def _reachable(patterns: tuple[DrumPattern, ...]) -> Labels:
    """Every bar that these patterns can play before a variation, with crash and ride set aside."""
    usable = [p for p in patterns if p.metre == "4/4"]
    fills = [p for p in usable if p.role == "fill"]
    bars = [p.bar(i).labels for p in usable if p.role != "fill" for i in range(p.bars)]
    bars += [fill_over(p.bar(i), f) for p in usable if p.role == "groove" for i in range(p.bars) for f in fills]
    return np.unique(_plain(np.array(bars)), axis=0)


def _plain(labels: Labels) -> Labels:
    plain = labels & ~(CRASH | RIDE | HAT)
    plain[(labels & (RIDE | HAT)) != 0] |= HAT
    return plain


def test_windows_come_only_from_their_split() -> None:
    """Every bar of a held-out window is a held-out pattern's, but for the changes a drummer may make."""
    _, held = split(PATTERNS, _rng(3), 0.15)
    bars = _plain(two_bar_windows(held, _rng(4), 400)).reshape(-1, 16)
    reachable = _reachable(held)
    distances = (bars[:, None, :] != reachable[None]).sum(axis=2).min(axis=1)
    # Four steps of a variation, and the one, where a crash may take the hat's place.
    assert distances.max() <= 5
    assert np.mean(distances == 0) > 0.4


def test_windows_are_varied_and_repeatable() -> None:
    """The same seed gives the same windows, another seed others, and a thousand hold hundreds of different ones."""
    windows = two_bar_windows(PATTERNS, _rng(1), 1000)
    assert windows.shape == (1000, 32)
    assert windows.dtype == np.int16
    assert windows.min() >= 0
    assert windows.max() < 512
    assert np.array_equal(windows, two_bar_windows(PATTERNS, _rng(1), 1000))
    assert not np.array_equal(windows, two_bar_windows(PATTERNS, _rng(2), 1000))
    assert len(np.unique(windows, axis=0)) > 800


@pytest.mark.parametrize("metre", ["3/4", "6/8"])
def test_other_metres_have_their_own_width(metre: str) -> None:
    """Two bars of 3/4 or 6/8 are 24 sixteenths, and come from that metre's patterns alone."""
    windows = labelled_windows(PATTERNS, _rng(), 50, metre)
    assert windows.labels.shape == (50, 24)
    styles = {STYLES.index(p.style) for p in GROOVES if p.metre == metre}
    assert set(windows.styles.tolist()) <= styles


def test_windows_carry_their_style() -> None:
    """The style index of a window is that of the groove it was made from."""
    windows = labelled_windows(_grooves("house"), _rng(), 20)
    assert set(windows.styles.tolist()) == {STYLES.index("house")}


def test_a_set_without_grooves_is_an_error() -> None:
    """Fills alone make no window."""
    with pytest.raises(TrainingError, match="is a groove in 4/4"):
        two_bar_windows([p for p in PATTERNS if p.role == "fill"], _rng(), 1)


def test_variations_are_bounded_and_keep_the_feel() -> None:
    """A variation changes at most four steps, none of them on a beat, and uses no new place inside the beat."""
    rng = _rng(5)
    changed = 0
    for pattern in GROOVES:
        bar = pattern.bar(0)
        beat = BEAT_STEPS[pattern.metre]
        places = {int(s) % beat for s in np.flatnonzero(bar.labels)}
        for _ in range(5):
            varied = vary(bar, rng)
            different = np.flatnonzero(varied != bar.labels)
            # A soft stroke is the one thing that may go from a beat.
            hard = [s for s in different if bar.labels[s] & ~bar.ghosts[s] & ~varied[s] or varied[s] & ~bar.labels[s]]
            assert len(different) <= 4, pattern.name
            assert all(s % beat for s in hard), pattern.name
            assert {int(s) % beat for s in np.flatnonzero(varied)} <= places, pattern.name
            assert varied.any(), pattern.name
            changed += bool(len(different))
    assert changed > 0.7 * 5 * len(GROOVES)


def test_a_loud_fill_is_answered_by_a_crash() -> None:
    """In a loud groove a bar with a fill is followed by a crash and a kick on the one, and no other bar has one."""
    groove = next(p for p in PATTERNS if p.name == "rock-driving-eights")
    groove = replace(groove, energy=5)
    fill = next(p for p in PATTERNS if p.name == "fill-rock-round-the-kit")
    crashes = 0
    for labels in sequences([groove, fill], _rng(6), 20, 16):
        bars = labels.reshape(16, 16)
        fills = [np.array_equal(bar, fill.hits) for bar in bars]
        for before, bar in zip([False, *fills], bars, strict=False):
            assert bool(bar[0] & CRASH) == before
            assert not before or bar[0] & KICK
            crashes += before
    assert crashes > 10


def test_sequences_repeat_themselves() -> None:
    """A sequence has the length asked for, and most of its bars have been heard in it before."""
    played = sequences(PATTERNS, _rng(7), 60, 16)
    assert {labels.shape for labels in played} == {(256,)}
    fresh = [len(np.unique(labels.reshape(16, 16), axis=0)) for labels in played]
    assert 2 < np.mean(fresh) < 9


def test_styles_have_their_signs() -> None:
    """What makes a style is there: four on the floor, the one drop, the backbeat, the swung ride."""
    four = [p for p in _grooves("house") if all(p.hits[s] & KICK for s in (0, 4, 8, 12))]
    assert len(four) > 0.6 * len(_grooves("house"))
    drop = [p for p in _grooves("reggae") if p.hits[8] & (KICK | SNARE) and not p.hits[4] & SNARE]
    assert len(drop) > 0.6 * len(_grooves("reggae"))
    backbeat = [p for p in _grooves("rock") if p.hits[12] & SNARE]
    assert len(backbeat) > 0.7 * len(_grooves("rock"))
    on_three = [p for p in _grooves("halftime") if p.hits[8] & SNARE and not p.hits[12] & SNARE]
    assert len(on_three) == len(_grooves("halftime"))
    swung = [p for p in _grooves("shuffle") if not any(p.hits[s] for s in range(1, p.steps, 4))]
    assert len(swung) == len(_grooves("shuffle"))


def test_calm_patterns_play_less() -> None:
    """Calm grooves have fewer hits a bar than the others, ambient ones the fewest, and no calm groove has a crash."""
    calm = [p for p in GROOVES if p.calm and p.metre == "4/4"]
    lively = [p for p in GROOVES if not p.calm and p.metre == "4/4"]
    assert _per_bar(calm) < 0.75 * _per_bar(lively)
    assert min(STYLES, key=lambda style: _per_bar(_grooves(style))) == "ambient"
    assert not any((p.hits & CRASH).any() for p in calm)
    assert all(p.energy <= 2 for p in calm)
