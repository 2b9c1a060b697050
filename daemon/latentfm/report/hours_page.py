"""What is said of hours of music: tables and sentences, as Markdown."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import Final

import numpy as np

from latentfm.music import melody
from latentfm.report.hours import Hour
from latentfm.report.tables import HALF, Table

_APART: Final = 1.0  # LU that any two takes may differ by, each from what its playlist asks
_HOW: Final = (
    "Composed and rendered unpaced (`make hours`) as a station does: each section goes on from the last, every take "
    "passes the gate, a brief that fails is tried with derived seeds. No audio is kept."
)


def pairs(hour: Hour) -> list[tuple[float, int, int]]:
    """Return for any two sections the larger share of motifs that one has from the other, the largest first."""
    found = [
        (max(melody.alike_share(one.motifs, other.motifs), melody.alike_share(other.motifs, one.motifs)), first, second)
        for (first, one), (second, other) in combinations(enumerate(hour.takes), 2)
    ]
    return sorted(found, reverse=True)


def table(hours: Sequence[Hour]) -> Table:
    """Return what is asked of an hour, a column for each mood."""
    rows = [
        ("sections", *(str(len(hour.takes)) for hour in hours)),
        ("minutes of music", *(f"{hour.seconds / 60:.1f}" for hour in hours)),
        ("CPU seconds a minute of music", *(f"{hour.cpu_seconds / hour.seconds * 60:.2f}" for hour in hours)),
        ("pairs of sections", *(str(len(pairs(hour))) for hour in hours)),
        ("motifs alike, the most of any pair", *(f"{_most_alike(hour):.0%}" for hour in hours)),
        ("pairs with over half alike", *(str(sum(share > HALF for share, *_ in pairs(hour))) for hour in hours)),
        ("different titles", *(f"{len({take.title for take in hour.takes})}" for hour in hours)),
        ("different keys", *(f"{len({take.key for take in hour.takes})}" for hour in hours)),
        ("sections in the key of the one before", *(str(_stays(hour)) for hour in hours)),
        ("tempo, qpm, least to most", *(_range([take.qpm for take in hour.takes], 1) for hour in hours)),
        ("largest step of the tempo, qpm", *(f"{_step(hour):.1f}" for hour in hours)),
        ("an older motif comes back, sections", *(str(sum(take.recalled for take in hour.takes)) for hour in hours)),
        ("loudness asked for, LUFS", *(f"{hour.takes[0].asked:.1f}" for hour in hours)),
        ("loudness of the takes, LUFS", *(_range([take.lufs for take in hour.takes], 2) for hour in hours)),
        ("farthest from what was asked for, LU", *(f"{max(map(abs, _off(hour))):.2f}" for hour in hours)),
        ("true peak, highest, dBTP", *(f"{max(take.true_peak for take in hour.takes):.2f}" for hour in hours)),
        ("longest silence, s", *(f"{max(take.silence for take in hour.takes):.2f}" for hour in hours)),
        ("tries that gave no take", *(str(len(hour.rejects)) for hour in hours)),
        ("sections given up", *(str(hour.given_up) for hour in hours)),
        ("sections with a figure out of bounds", *(str(sum(bool(t.missed) for t in hour.takes)) for hour in hours)),
    ]
    head = ("", *(hour.title for hour in hours))
    return Table(head, tuple(rows), tuple(range(1, len(head))))


def verdicts(hours: Sequence[Hour]) -> Iterator[str]:
    """Say in words what holds and what misses."""
    off = [value for hour in hours for value in _off(hour)]
    apart = max(off) - min(off)
    yield (
        f"Any two takes, each measured from what its playlist asks, are at most {apart:.2f} LU apart: "
        f"{'within' if apart <= _APART else 'MISSES'} the {_APART:g} LU asked for."
    )
    for hour in hours:
        share, first, second = (pairs(hour) or [(0.0, 0, 0)])[0]
        if share > HALF:
            over = sum(found > HALF for found, *_ in pairs(hour))
            yield (
                f"{hour.title} MISSES: pairs of sections that share more than half of their motifs: {over}; the most "
                f"is {share:.0%}, sections {first + 1} and {second + 1}."
            )
        else:
            yield f"{hour.title}: no two sections share more than half of their motifs (the most: {share:.0%})."
        twice = [title for title, count in Counter(take.title for take in hour.takes).items() if count > 1]
        yield f"{hour.title} " + (
            f"MISSES: titles given twice: {', '.join(twice)}." if twice else "gives no title twice."
        )


def rejects(hours: Sequence[Hour]) -> Table:
    """Return what tries failed of, counted; reasons that differ in their numbers alone count together."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for hour in hours:
        for one in hour.rejects:
            alike.setdefault((hour.title, one.error, _plain(one.reason)), []).append(one.reason)
    rows = [(mood, error, reasons[0], str(len(reasons))) for (mood, error, _), reasons in sorted(alike.items())]
    return Table(("mood", "error", "reason, one of them", "tries"), tuple(rows), (3,))


def markdown(hours: Sequence[Hour]) -> str:
    """Return the document ``docs/hours.md``."""
    parts = [
        "# An hour of each mood\n",
        f"{_HOW}\n",
        table(hours).markdown(),
        "".join(f"- {said}\n" for said in verdicts(hours)),
        "## Tries that gave no take\n",
        rejects(hours).markdown() if any(hour.rejects for hour in hours) else "There were none.\n",
    ]
    for hour in hours:
        parts += [f"## {hour.title}\n", _list(hour).markdown()]
    return "\n".join(parts)


def _list(hour: Hour) -> Table:
    rows = [
        (str(number), take.title, take.key, f"{take.qpm:g}", f"{take.seconds:.0f}", f"{take.lufs:.2f}")
        for number, take in enumerate(hour.takes, 1)
    ]
    return Table(("", "title", "key", "qpm", "seconds", "LUFS"), tuple(rows), (0, 3, 4, 5))


def _plain(reason: str) -> str:
    return re.sub(r"-?\d+(\.\d+)?", "N", reason)


def _most_alike(hour: Hour) -> float:
    return max((share for share, *_ in pairs(hour)), default=0.0)


def _off(hour: Hour) -> list[float]:
    return [take.lufs - take.asked for take in hour.takes]


def _stays(hour: Hour) -> int:
    keys = [take.key for take in hour.takes]
    return sum(before == after for before, after in pairwise(keys))


def _step(hour: Hour) -> float:
    return float(np.abs(np.diff([take.qpm for take in hour.takes])).max(initial=0.0))


def _range(found: Sequence[float], places: int) -> str:
    return f"{min(found):.{places}f} to {max(found):.{places}f}"
