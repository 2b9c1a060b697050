"""The project's own drum patterns: reading them and splitting them (``drum_patterns`` plays them).

The text files in ``patterns/`` were written for this project. Each pattern is a header and one line a drum::

    [rock-eights] steps=16 metre=4/4 style=rock energy=3 calm=no role=groove
    hat    x.x. x.x. x.x. x.x.
    snare  .... X... .... X...
    kick   x... .... x.x. ....

``x`` is a hit, ``X`` an accent, ``o`` a ghost note, ``.`` nothing; spaces and ``|`` only separate, ``%`` after
a bar repeats it. A fill may say ``from=8``: up to that step the groove goes on. Drums are named as in
``drum_variations.CLASSES``. Hand percussion stands where note-seq's DEFAULT_DRUM_TYPE_PITCHES puts it (side-stick,
clap, claves and cowbell are snare; shaker, tambourine and maracas closed hat; congas, bongos and surdo toms).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from latentfm.errors import TrainingError
from latentfm.music.metre import METRES
from latentfm.training.corpora.drum_variations import CLASSES, Bar, Labels

Role = Literal["groove", "fill", "break", "intro"]

FOLDER = Path(__file__).parent / "patterns"
BAR_STEPS: dict[str, int] = {name: metre.steps_per_bar for name, metre in METRES.items()}
BEAT_STEPS: dict[str, int] = {name: metre.beat for name, metre in METRES.items()}
STYLES = (
    "rock",
    "ballad",
    "soul",
    "jazz",
    "bossa",
    "cuban",
    "reggae",
    "downtempo",
    "house",
    "ambient",
    "hand",
    "folk",
    "shuffle",
    "halftime",
)
MAX_ENERGY = 5
KEYS = {"steps", "metre", "style", "energy", "calm", "role"}


@dataclass(frozen=True, eq=False)
class DrumPattern:
    """One pattern: ``hits``, ``accents`` and ``ghosts`` are int16 [steps] of nine-bit labels; hits hold all three."""

    name: str
    style: str
    metre: str
    steps: int
    energy: int
    calm: bool
    role: Role
    start: int
    hits: Labels
    accents: Labels
    ghosts: Labels

    @property
    def bars(self) -> int:
        """How many bars the pattern lasts."""
        return self.steps // BAR_STEPS[self.metre]

    def bar(self, index: int) -> Bar:
        """Bar ``index`` of the groove that repeats this pattern."""
        length = BAR_STEPS[self.metre]
        part = slice(index % self.bars * length, (index % self.bars + 1) * length)
        return Bar(self.hits[part], self.ghosts[part], BEAT_STEPS[self.metre], self.style, self.energy)


@dataclass(frozen=True)
class _Line:
    """A line of a pattern file, with what an error message needs."""

    file: Path
    number: int
    text: str

    def error(self, reason: str) -> TrainingError:
        return TrainingError(f"{self.file.name}, line {self.number}: {reason}")


def load_patterns(folder: Path | None = None) -> tuple[DrumPattern, ...]:
    """Every pattern of the folder's text files, by file name and line.

    Raises TrainingError, naming file and line, for a line that can't be read and for a name that occurs twice.
    """
    files = sorted((folder or FOLDER).glob("*.txt"))
    if not files:
        raise TrainingError(f"{folder or FOLDER}: no pattern files (*.txt)")
    patterns: list[DrumPattern] = []
    names: set[str] = set()
    for file in files:
        for block in _blocks(file):
            pattern = _parse(block)
            if pattern.name in names:
                raise block[0].error(f"the name {pattern.name!r} is taken by an earlier pattern")
            names.add(pattern.name)
            patterns.append(pattern)
    return tuple(patterns)


def _blocks(file: Path) -> list[list[_Line]]:
    """The file's lines, one list a pattern; comments and empty lines left out."""
    blocks: list[list[_Line]] = []
    for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        line = _Line(file, number, text.strip())
        if not line.text or line.text.startswith("#"):
            continue
        if line.text.startswith("["):
            blocks.append([line])
        elif blocks:
            blocks[-1].append(line)
        else:
            raise line.error("a drum line before the first [name]")
    return blocks


def _parse(block: list[_Line]) -> DrumPattern:
    head = block[0]
    name, bracket, rest = head.text[1:].partition("]")
    fields = dict(field.partition("=")[::2] for field in rest.split())
    if not name or not bracket or not KEYS <= fields.keys() <= KEYS | {"from"}:
        raise head.error(f"a header is [name] and {', '.join(sorted(KEYS))}, from for a fill")
    metre = fields["metre"]
    if metre not in BAR_STEPS:
        raise head.error(f"metre {metre!r} is none of {', '.join(BAR_STEPS)}")
    length = BAR_STEPS[metre]
    steps = _number(head, fields, "steps", range(length, 2 * length + 1, length))
    start = _number(head, {"from": "0"} | fields, "from", range(steps))
    energy = _number(head, fields, "energy", range(1, MAX_ENERGY + 1))
    for key, values in (("style", STYLES), ("calm", ("yes", "no")), ("role", get_args(Role))):
        if fields[key] not in values:
            raise head.error(f"{key} {fields[key]!r} is none of {', '.join(values)}")
    grids = {symbols: np.zeros(steps, np.int16) for symbols in ("xXo", "X", "o")}
    seen: set[str] = set()
    for line in block[1:]:
        drum, _, text = line.text.partition(" ")
        if drum not in CLASSES or drum in seen:
            raise line.error(f"drum {drum!r} is named twice or none of {', '.join(CLASSES)}")
        seen.add(drum)
        row = _row(line, text, steps, length)
        for symbols, grid in grids.items():
            grid[[symbol in symbols for symbol in row]] |= np.int16(1 << CLASSES.index(drum))
    if not grids["xXo"].any() or grids["xXo"][:start].any():
        raise head.error("a pattern has hits, and none before the step its fill starts from")
    for grid in grids.values():
        grid.flags.writeable = False
    role: Role = fields["role"]  # type: ignore[assignment]  # checked above
    hits, accents, ghosts = grids.values()
    return DrumPattern(
        name, fields["style"], metre, steps, energy, fields["calm"] == "yes", role, start, hits, accents, ghosts
    )


def _number(head: _Line, fields: dict[str, str], key: str, allowed: range) -> int:
    text = fields[key]
    if not text.isdecimal() or int(text) not in allowed:
        raise head.error(f"{key}={text}: expected one of {', '.join(map(str, allowed))}")
    return int(text)


def _row(line: _Line, text: str, steps: int, length: int) -> str:
    row = "".join(text.split()).replace("|", "")
    if row.endswith("%"):
        row = row[:-1] * 2 if len(row) == length + 1 else row
    if len(row) != steps or set(row) - set("xXo."):
        raise line.error(f"expected {steps} of x X o . and found {len(row)}: {row!r}")
    return row


def split(
    patterns: Sequence[DrumPattern], rng: np.random.Generator, eval_share: float
) -> tuple[tuple[DrumPattern, ...], tuple[DrumPattern, ...]]:
    """The patterns to train with and those held out, by pattern, so that no window is on both sides.

    Each metre, role and style gives its share, as nearly as whole patterns allow. Patterns that have a bar in
    common stay together.
    """
    if not 0 <= eval_share <= 1:
        raise TrainingError(f"eval_share={eval_share}: expected a share from 0 to 1")
    order = rng.permutation(len(patterns))
    groups = _sharing_a_bar([patterns[i] for i in order])
    groups.sort(key=lambda group: (group[0].metre, group[0].role, STYLES.index(group[0].style)))
    # Every 1/share-th pattern of the sorted list, from a random first one.
    debt = float(rng.random())
    held: set[str] = set()
    for group in groups:
        debt += eval_share * len(group)
        if debt >= max(1, len(group) / 2):
            held |= {pattern.name for pattern in group}
            debt -= len(group)
    train = tuple(pattern for pattern in patterns if pattern.name not in held)
    return train, tuple(pattern for pattern in patterns if pattern.name in held)


def _sharing_a_bar(patterns: Sequence[DrumPattern]) -> list[list[DrumPattern]]:
    """The patterns in groups: two that play one same bar are in one group."""
    groups: list[tuple[set[bytes], list[DrumPattern]]] = []
    for pattern in patterns:
        bars = {pattern.metre.encode() + pattern.bar(i).labels.tobytes() for i in range(pattern.bars)}
        members = [pattern]
        apart = []
        for group_bars, group in groups:
            if bars.isdisjoint(group_bars):
                apart.append((group_bars, group))
            else:
                bars |= group_bars
                members = group + members
        groups = [*apart, (bars, members)]
    return [members for _, members in groups]
