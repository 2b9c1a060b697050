"""``latentfm dataset examples``: a data set becomes what one configuration learns from and is measured with.

Examples are a folder: ``examples.json`` says what they are and what was left out and why, ``training.npz`` and
``eval.npz`` hold event sequences (with chords, where the configuration follows some) or windows of labels.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from latentfm.errors import TrainingError
from latentfm.models.card import ANY_METRE
from latentfm.models.extraction import Bounds
from latentfm.models.music_vae.configurations import VaeConfiguration
from latentfm.models.music_vae.converters import converter_of
from latentfm.models.playable import file_sha256
from latentfm.training.configurations import Configuration, configuration, steps_of
from latentfm.training.data import workers
from latentfm.training.data.failures import Failures
from latentfm.training.data.folder import read_json, replaced, write_json
from latentfm.training.data.split import held_out
from latentfm.training.data.take import Source, Taken, Wanted, take

FACTS = "examples.json"
EVAL_SHARE = 0.1  # Magenta's eval_ratio
Side = Literal["training", "eval"]
SIDES: tuple[Side, Side] = ("training", "eval")
_SOURCES: dict[str, Source] = {
    "melody_rnn": "melody",
    "drums_rnn": "drums",
    "improv_rnn": "lead_sheet",
    "polyphony_rnn": "polyphony",
}
_BOUNDS = {
    "melody_rnn": Bounds(),
    "drums_rnn": Bounds(),
    "improv_rnn": Bounds(min_unique_pitches=3),
    "polyphony_rnn": Bounds(min_bars=5),
}


@dataclass(frozen=True)
class Options:
    """What may be asked for besides the configuration; None leaves Magenta's."""

    metre: str = "4/4"
    programs: frozenset[int] | None = None
    track: int | None = None
    transpose: tuple[int, int] | None = None  # lowest and highest, in semitones
    eval_share: float = EVAL_SHARE
    min_bars: int | None = None
    max_steps: int | None = None
    gap_bars: float | None = None
    min_unique_pitches: int | None = None
    ignore_polyphonic_notes: bool | None = None
    infer_chords: bool = False


@dataclass(frozen=True)
class Examples:
    """One side of the examples: event sequences or, stacked, windows; and chord symbols beside the sequences."""

    sequences: list[NDArray[np.int32]]
    chords: list[list[str]]

    def __len__(self) -> int:
        return len(self.sequences)

    def windows(self) -> NDArray[np.int16]:
        """Return windows of one length, int16 ``[n, steps]`` (trios: ``[n, steps, 3]``)."""
        return np.stack(self.sequences).astype(np.int16)


def wanted(model: Configuration, options: Options) -> Wanted:
    """Say what is taken from each piece, Magenta's defaults where nothing else was asked for.

    Raises:
        TrainingError: the options don't fit the configuration.
    """
    names = ("min_bars", "max_steps", "gap_bars", "min_unique_pitches", "ignore_polyphonic_notes")
    asked = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if isinstance(model, VaeConfiguration):
        if asked:
            raise TrainingError(f"{model.name} takes all windows of a piece: {', '.join(asked)} are for event RNNs")
        if options.transpose is not None:
            raise TrainingError(f"{model.name} is transposed while it learns: say --transpose to latentfm train")
        return _of_vae(model, options)
    if model.family == "improv_rnn" and options.transpose is not None:
        raise TrainingError(f"{model.name} learns every lead sheet in all twelve keys anyway: leave --transpose out")
    low, high = options.transpose or ((-4, 4) if model.family == "polyphony_rnn" else (0, 0))
    return Wanted(
        source=_SOURCES[model.family],
        bounds=replace(_BOUNDS[model.family], **asked),
        steps_per_quarter=model.encoding.steps_per_quarter,
        metre=options.metre,
        programs=options.programs,
        track=options.track,
        transpose=tuple(range(low, high + 1)),
        encoding=model.encoding,
        infer_chords=options.infer_chords,
    )


def _of_vae(model: VaeConfiguration, options: Options) -> Wanted:
    if options.metre == ANY_METRE:
        raise TrainingError(f"{model.name} has windows of {model.bars} bars and so one metre: name it with --metre")
    if options.programs is not None:  # instead of those that Magenta takes
        model = replace(model, converter=replace(model.converter, valid_programs=None))
    return Wanted(
        source=model.representation,
        metre=options.metre,
        programs=options.programs,
        track=options.track,
        converter=converter_of(model, steps_of(options.metre)),
    )


def make(
    pieces: Sequence[bytes],
    origin: dict[str, Any],
    out: Path,
    model: str,
    options: Options,
    tell: Callable[[int, int], object] | None = None,
) -> dict[str, Any]:
    """Make examples.

    Args:
        pieces: NoteSequences, serialised.
        origin: what is known of them; kept in ``examples.json``.
        out: the folder; one that is there stays until the new one is whole.
        model: name of a configuration.
        options: what differs from Magenta's ways.
        tell: called with the pieces done and all pieces.

    Returns:
        The content of ``examples.json``.

    Raises:
        TrainingError: the configuration is unknown, or no example comes of one of the sides.
    """
    chosen = configuration(model)
    asked = wanted(chosen, options)
    counts: Counter[str] = Counter()
    taken: list[Taken] = []
    failures = Failures()
    jobs = [(asked, content) for content in pieces]
    for index, done in enumerate(workers.run(take, jobs, workers.Limits(seconds=120)), start=1):
        if tell is not None:
            tell(index, len(jobs))
        if done.fault is None:
            taken.append(done.result)
        else:
            failures.add(index - 1, pieces[index - 1], done.fault)
    if failures.first:
        counts["pieces_that_failed"] = failures.reasons.total()
    sides = _split(taken, options.eval_share, failures)
    if asked.converter is not None:
        sides = _distinct(sides, counts)
    total = {str(side): _counted(sides[side]) for side in SIDES}
    facts: dict[str, Any] = {
        "model": model,
        "metre": options.metre,
        "pieces": {side: sum(bool(one.events) for one in sides[side]) for side in SIDES},
        "examples": {side: sum(len(one.events) for one in sides[side]) for side in SIDES},
        "counts": {**total, "all": dict(counts)},
        "failed": failures.facts(),
        "options": {name: _plain(value) for name, value in vars(options).items()},
        "data": origin,
    }
    _check(facts, options, failures)
    with replaced(out, FACTS) as new:
        for side in SIDES:
            _save(new / f"{side}.npz", sides[side])
        facts["sha256"] = {side: file_sha256(new / f"{side}.npz") for side in SIDES}
        write_json(new / FACTS, facts)
    return facts


def load(folder: Path) -> tuple[dict[str, Any], dict[Side, Examples]]:
    """Read examples back.

    Raises:
        TrainingError: the folder holds none, or they are damaged or empty.
    """
    facts = read_json(folder / FACTS, "a folder of examples (make one with latentfm dataset examples)")
    sides: dict[Side, Examples] = {}
    for side in SIDES:
        path = folder / f"{side}.npz"
        try:
            with path.open("rb") as file, np.load(file) as arrays:
                parts = np.split(arrays["events"], arrays["ends"][:-1])
                names = arrays["chord_names"]
                chords = np.split(arrays["chords"], arrays["ends"][:-1]) if len(names) else []
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as fault:
            raise TrainingError(f"{path} can't be read ({fault}); make the examples again") from fault
        parts = [part for part in parts if len(part)]
        if not parts:
            raise TrainingError(f"{path} holds no examples; make them again from more or other music")
        sides[side] = Examples(parts, [[str(names[index]) for index in part] for part in chords])
    return facts, sides


def _split(taken: list[Taken], share: float, failures: Failures) -> dict[Side, list[Taken]]:
    kept = [one for one in taken if one.events]
    if len(kept) < 2:  # noqa: PLR2004
        counts = sum((one.counts for one in taken), Counter[str]())
        count = len(taken) + failures.reasons.total()
        raise TrainingError(
            f"{len(kept)} pieces of {count} give examples, which is too few.{failures.words()}{_reasons(counts)}"
        )
    chosen = held_out([one.keys for one in kept], share)
    sides: dict[Side, list[Taken]] = {"training": [], "eval": []}
    for one, out in zip(kept, chosen, strict=True):
        sides["eval" if out else "training"].append(one)
    for one in taken:
        if not one.events:
            sides["training"].append(one)  # for its counts
    return sides


def _distinct(sides: dict[Side, list[Taken]], counts: Counter[str]) -> dict[Side, list[Taken]]:
    """Leave each window once, and those that are held out only there."""
    seen: set[bytes] = set()
    for side in reversed(SIDES):
        for one in sides[side]:
            kept = []
            for window in one.events:
                key = window.tobytes()
                if key in seen:
                    counts["windows_left_out_as_copies"] += 1
                else:
                    seen.add(key)
                    kept.append(window)
            one.events = kept
    return sides


def _counted(side: list[Taken]) -> dict[str, int]:
    return dict(sorted(sum((one.counts for one in side), Counter[str]()).items()))


def _check(facts: dict[str, Any], options: Options, failures: Failures) -> None:
    for side in SIDES:
        if not facts["examples"][side]:
            counts = sum((Counter(facts["counts"][part]) for part in (*SIDES, "all")), Counter[str]())
            raise TrainingError(
                f"no example is left to {'learn from' if side == 'training' else 'hold out'} "
                f"(metre {options.metre}).{failures.words()}{_reasons(counts)}"
            )


def _reasons(counts: Counter[str]) -> str:
    listed = ", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in counts.most_common())
    return f" Counted on the way: {listed}" if listed else ""


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def _save(path: Path, side: list[Taken]) -> None:
    events = [sequence for one in side for sequence in one.events]
    chords = [symbol for one in side for symbols in one.chords for symbol in symbols]
    names, indices = np.unique(np.array(chords, dtype=np.str_), return_inverse=True)
    np.savez_compressed(
        path,
        events=np.concatenate(events) if events else np.zeros(0, np.int32),
        ends=np.cumsum([len(sequence) for sequence in events]),
        chords=indices.astype(np.int32),
        chord_names=names,
    )
