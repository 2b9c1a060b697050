"""The figures of many sections of a mood: what is measured of each, and what is said of all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import combinations

import numpy as np
from pydantic import BaseModel, ConfigDict

from latentfm.brief import Carry
from latentfm.compose import Section, bounds, compose
from latentfm.models import catalogue
from latentfm.music import melody
from latentfm.music.figures import Figures, missed
from latentfm.orders import next_brief
from latentfm.playlist import MetreName, Playlist
from latentfm.report import corpus
from latentfm.report.corpus import Counts
from latentfm.report.piece import limits, measured
from latentfm.sources import sources_of
from latentfm.timbre.voicing import voiced

SEEDS = 50
CHAIN_SEED = 1  # of the station whose sections follow one another


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class Finding(_Value):
    """What is measured of a section; ``lead`` counts its intervals and durations as they air."""

    seed: int
    title: str
    seconds: float
    written: dict[str, float]  # the figures of what the models wrote
    aired: dict[str, float]
    missed_written: tuple[str, ...]
    missed_aired: tuple[str, ...]
    motifs: tuple[str, ...]
    lead: Counts


class Survey(_Value):
    """The sections of a mood: ``singles`` each with a seed of its own, ``chain`` each going on from the last."""

    mood: str
    title: str
    metre: MetreName = "4/4"
    bounds: dict[str, tuple[float, float]]  # least and most, infinite where one is open
    singles: tuple[Finding, ...]
    chain: tuple[Finding, ...]
    prior: Counts  # plain samples of the model at the mood's temperature

    @property
    def lead(self) -> Counts:
        """Return the intervals and durations of all single sections."""
        total = self.singles[0].lead
        for finding in self.singles[1:]:
            total += finding.lead
        return total


def single(playlist: Playlist, seed: int) -> Finding:
    """Compose the first section of a station with this seed, and measure it."""
    return next(_sections(playlist, seed, 1))


def chain(playlist: Playlist, count: int, seed: int = CHAIN_SEED) -> tuple[Finding, ...]:
    """Compose sections that go on from one another, and measure each."""
    return tuple(_sections(playlist, seed, count))


def survey(playlist: Playlist, singles: Iterable[Finding], chained: Iterable[Finding]) -> Survey:
    """Put together what was found of a mood."""
    models = playlist.models
    found = tuple(singles)
    strict = replace(Figures(**found[0].aired), leaps=1.0)  # type: ignore[arg-type]  # with leaps that have to turn back
    return Survey(
        mood=playlist.name,
        title=playlist.title,
        metre=playlist.tempo.metre,
        bounds=limits(strict, bounds(playlist)),
        singles=found,
        chain=tuple(chained),
        prior=corpus.of_prior(catalogue.load_vae(models.melody_vae), models.vae_temperature),
    )


def misses(findings: Sequence[Finding], name: str, *, aired: bool = True) -> int:
    """Return how many sections miss a figure's bounds, as they air or as the models wrote them."""
    return sum(name in (finding.missed_aired if aired else finding.missed_written) for finding in findings)


def values(findings: Sequence[Finding], name: str, *, aired: bool = True) -> list[float]:
    """Return a figure of each section."""
    return [(finding.aired if aired else finding.written)[name] for finding in findings]


def shares_alike(findings: Sequence[Finding]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return for any two sections the share of motifs that the one has from the other, the larger of both ways."""
    shares = [
        max(melody.alike_share(one.motifs, other.motifs), melody.alike_share(other.motifs, one.motifs))
        for one, other in combinations(findings, 2)
    ]
    return np.array(shares, dtype=np.float64)


def _sections(playlist: Playlist, seed: int, count: int) -> Iterator[Finding]:
    playlist = voiced(playlist)
    sources = sources_of(playlist)
    carry: Carry | None = None
    for number in range(count):
        brief = next_brief(
            station_seed=seed,
            section=number,
            playlist=playlist,
            carry=carry,
            sources=sources,
        )
        section = compose(brief)
        carry = section.carry
        yield _finding(section, playlist, seed)


def _finding(section: Section, playlist: Playlist, seed: int) -> Finding:
    written, aired = measured(section.provenance)
    return Finding(
        seed=seed,
        title=section.title,
        seconds=section.seconds,
        written=asdict(written),
        aired=asdict(aired),
        missed_written=missed(written, bounds(playlist)),
        missed_aired=tuple(section.provenance["missed"]),
        motifs=tuple(section.provenance["motifs"]),
        lead=corpus.of_section(section, playlist),
    )
