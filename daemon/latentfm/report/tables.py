"""What surveys say, as tables and sentences, for Markdown and for pages alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from latentfm.playlist import MetreName
from latentfm.report import corpus, wording
from latentfm.report.markup import Html
from latentfm.report.markup import table as html_table
from latentfm.report.survey import Finding, Survey, misses, shares_alike, values

HALF: Final = 0.5  # of the motifs: more alike than that is a repeat to the ear


@dataclass(frozen=True)
class Table:
    """A table: what stands above its columns, its rows, and which columns hold numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()

    def markdown(self) -> str:
        """Return the table as Markdown."""
        rule = ["---:" if place in self.numbers else "---" for place in range(len(self.head))]
        return "".join(f"| {' | '.join(row)} |\n" for row in (self.head, rule, *self.rows))

    def html(self) -> Html:
        """Return the table as HTML."""
        return html_table(self.head, self.rows, numbers=self.numbers)


def names(found: Survey) -> list[str]:
    """Return the figures of a survey, those with bounds first."""
    return sorted(found.bounds, key=lambda name: not checked(found, name))


def checked(found: Survey, name: str) -> bool:
    """Say whether a figure has bounds."""
    return max(abs(end) for end in found.bounds[name]) < float("inf") or min(map(abs, found.bounds[name])) < float(
        "inf"
    )


def figures(found: Survey) -> Table:
    """Return each figure of a mood with its bound, before and after repair, and how many sections miss it."""
    head = (
        "figure",
        "bound",
        "as the models wrote: mean (least to most)",
        "miss",
        "as it airs: mean (least to most)",
        "miss",
        "airs, in a chain",
        "miss",
    )

    def rows() -> Iterator[tuple[str, ...]]:
        for name in names(found):
            bounded = checked(found, name)
            yield (
                wording.title(name),
                wording.bound(name, *found.bounds[name]),
                _spread(name, values(found.singles, name, aired=False)),
                str(misses(found.singles, name, aired=False)) if bounded else "",
                _spread(name, values(found.singles, name)),
                str(misses(found.singles, name)) if bounded else "",
                _spread(name, values(found.chain, name)),
                str(misses(found.chain, name)) if bounded else "",
            )

    return Table(head, tuple(rows()), (2, 3, 4, 5, 6, 7))


def overall(surveys: Sequence[Survey]) -> Table:
    """Return how many sections of each mood miss each figure: of the single ones, and of the chain."""
    head = ("sections that miss", *(found.title for found in surveys))
    rows = [
        (wording.title(name), *(f"{misses(found.singles, name)} + {misses(found.chain, name)}" for found in surveys))
        for name in names(surveys[0])
        if checked(surveys[0], name)
    ]
    whole = ("any of them", *(f"{_any(found.singles)} + {_any(found.chain)}" for found in surveys))
    counted = ("of", *(f"{len(found.singles)} + {len(found.chain)}" for found in surveys))
    return Table(head, (*rows, whole, counted), tuple(range(1, len(head))))


def sentences(found: Survey) -> list[str]:
    """Say in words which figures miss their bounds as they air."""
    said = []
    for name in names(found):
        for findings, kind in ((found.singles, "single sections"), (found.chain, "sections in a chain")):
            missing = [finding for finding in findings if name in finding.missed_aired]
            if not missing:
                continue
            worst = _worst([finding.aired[name] for finding in missing], *found.bounds[name])
            miss = "misses" if len(missing) == 1 else "miss"
            bound = wording.bound(name, *found.bounds[name])
            said.append(
                f"{len(missing)} of {len(findings)} {kind} {miss} “{wording.title(name)}” ({bound}); "
                f"the farthest off: {wording.amount(name, worst)}."
            )
    for findings, kind in ((found.singles, "from seeds of their own"), (found.chain, "of the chain")):
        shares = shares_alike(findings)
        over = int((shares > HALF).sum())
        if over:
            said.append(
                f"Of {len(shares)} pairs of sections {kind}, {over} have more than half of their motifs alike (the "
                f"most: {shares.max():.0%}), which misses that two sections differ."
            )
    return said or ["None misses a bound."]


def distances(surveys: Sequence[Survey]) -> Table:
    """Return the Jensen-Shannon distances of intervals and durations from the tunes that were learnt from."""
    head = (
        "",
        "intervals: to the tunes",
        "to what was drawn in training",
        "durations: to the tunes",
        "to what was drawn",
    )

    def row(what: str, counts: corpus.Counts, metre: MetreName) -> tuple[str, ...]:
        known = corpus.load(metre)
        (interval, duration), (drawn_interval, drawn_duration) = (
            counts.distance(known.corpus),
            counts.distance(known.learnt),
        )
        return what, *(f"{value:.3f}" for value in (interval, drawn_interval, duration, drawn_duration))

    rows = [row(f"{found.title}: leads of {len(found.singles)} sections", found.lead, found.metre) for found in surveys]
    for prior, metre in dict.fromkeys((found.prior, found.metre) for found in surveys):
        moods = ", ".join(found.title for found in surveys if found.prior == prior)
        rows.append(row(f"plain samples of the model, as for {moods}", prior, metre))
    for metre in dict.fromkeys(found.metre for found in surveys):
        known = corpus.load(metre)
        apart = known.halves[0].distance(known.halves[1])
        what = f"one half of the {known.tunes} tunes in {metre} to the other"
        rows.append((what, f"{apart[0]:.3f}", "", f"{apart[1]:.3f}", ""))
    return Table(head, tuple(rows), (1, 2, 3, 4))


def seeds(surveys: Sequence[Survey]) -> Table:
    """Return how much any two single sections of a mood have in common, and any two of the chain."""
    head = ("", "pairs", "motifs alike, mean", "most", "pairs with any", "over half", "different titles")

    def row(found: Survey, findings: Sequence[Finding], kind: str) -> tuple[str, ...]:
        shares = shares_alike(findings)
        return (
            f"{found.title}, {kind}",
            str(len(shares)),
            f"{shares.mean() if len(shares) else 0:.1%}",
            f"{shares.max(initial=0):.0%}",
            str(int((shares > 0).sum())),
            str(int((shares > HALF).sum())),
            f"{len({finding.title for finding in findings})} of {len(findings)}",
        )

    rows = [
        row(found, findings, kind)
        for found in surveys
        for findings, kind in ((found.singles, "two seeds"), (found.chain, "in a chain"))
    ]
    return Table(head, tuple(rows), tuple(range(1, len(head))))


def _spread(name: str, found: Sequence[float]) -> str:
    ends = f"{wording.number(name, min(found))} to {wording.number(name, max(found))}"
    return f"{wording.number(name, fmean(found), more=1)} ({ends})"


def _any(findings: Iterable[Finding]) -> int:
    return sum(bool(finding.missed_aired) for finding in findings)


def _worst(found: Sequence[float], low: float, high: float) -> float:
    return max(found, key=lambda value: max(low - value, value - high))
