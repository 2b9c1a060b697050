"""The station in figures, as Prometheus asks for them: read when it asks, in base units.

Labels have few values (docs/monitoring.md), all known from the code or the configuration, and none of them is a secret.
"""

from __future__ import annotations

import itertools
import platform
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

import latentfm
from latentfm.broadcast.supervised import started
from latentfm.studio.tally import BOUNDS, Count
from latentfm.web.status import Status

_Value = TypeVar("_Value", bound=str)

FLOOR = -120.0  # dB: what silence reads as, for minus infinity spoils every average


class Metrics:
    """A registry of one station's own, beside which there may be others in the process."""

    def __init__(self, status: Callable[[], Status]) -> None:
        """Show what ``status`` returns, asked once a scrape."""
        self._registry = CollectorRegistry()
        self._registry.register(_Station(status))
        ProcessCollector(registry=self._registry)

    def text(self, accept: str = "") -> tuple[bytes, str]:
        """Return the figures of this moment and their media type, in the format that an ``Accept`` header asks for."""
        encode, media = choose_encoder(accept)
        return encode(self._registry), media


class _Station(Collector):
    def __init__(self, status: Callable[[], Status]) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        status = self._status()
        version = {"version": latentfm.__version__, "python": platform.python_version()}
        yield InfoMetricFamily("latentfm_build", "What runs.", version)
        yield _gauge("ready", "Whether an audible block left the timeline lately.", status.pulse.ready)
        yield _gauge("runway_seconds", "Takes that could be played, those that ship included.", status.playable)
        yield _gauge("runway_fresh_seconds", "Takes that have not aired.", status.fresh)
        yield _gauge("runway_ahead_seconds", "Audio sent ahead of the clock.", status.ahead)
        if status.disk_free is not None:
            yield _gauge("disk_free_bytes", "Room left on the disk of the state folder.", status.disk_free)
        yield from _sound(status)
        yield from _outputs(status)
        if status.tally is not None:
            yield from _studio(status.tally)
        yield _gauge("studio_resident_bytes", "Memory of the studio's child, 0 without one.", status.studio_bytes)
        restarts = {part.name: part.restarts for part in started()}
        yield _counter("part_restarts", "Times that a thread of the station was run anew.", "part", restarts)


def _sound(status: Status) -> Iterator[Metric]:
    sound = status.sound
    levels = sound.levels
    yield _gauge("output_lufs", "Short-term loudness (3 s) of what leaves, in LUFS.", max(levels.lufs, FLOOR))
    yield _gauge("output_rms_dbfs", "Level of the last 3 s, in dBFS.", max(levels.rms, FLOOR))
    yield _gauge("output_peak_dbfs", "Largest sample of the last 3 s, in dBFS.", max(levels.peak, FLOOR))
    yield _gauge("output_true_peak_dbtp", "Highest true peak of the last 60 s, in dBTP.", max(levels.true_peak, FLOOR))
    yield _gauge("blank", "Whether there is silence that nobody asked for.", sound.blank)
    yield _total("blank_seconds", "Silence that nobody asked for.", sound.blank_seconds)
    yield _total("meter_dropped_blocks", "Blocks that the meter was too late to measure.", sound.dropped)
    yield _gauge("fallback_active", "Whether something stands in for fresh takes.", status.fallback)


def _outputs(status: Status) -> Iterator[Metric]:
    outputs = {output.name: output for output in status.outputs}
    connected = GaugeMetricFamily("latentfm_output_connected", "Whether it is connected.", labels=["output"])
    written = GaugeMetricFamily(
        "latentfm_output_last_write_timestamp_seconds", "When it last accepted a byte.", labels=["output"]
    )
    for name, output in outputs.items():
        connected.add_metric([name], output.state == "connected")
        if output.last_write is not None:
            written.add_metric([name], output.last_write)
    yield connected
    yield written
    reconnects = {name: output.reconnects for name, output in outputs.items()}
    yield _counter("output_reconnects", "Times that it connected again.", "output", reconnects)
    yield _gauge("listeners", "Who listens to the built-in stream.", sum(one.listeners or 0 for one in status.outputs))


def _studio(count: Count) -> Iterator[Metric]:
    yield _counter("takes", "Tries at a take, by what came of them.", "result", count.results)
    yield _counter("takes_rejected", "Takes that the gate rejected, by kind.", "reason", count.rejections)
    yield _total("briefs_given_up", "Briefs of which no take came in all their tries.", count.given_up)
    yield _total("studio_restarts", "Children of the studio that broke and were replaced.", count.restarts)
    within = itertools.accumulate(count.durations)
    buckets = [(bound, float(takes)) for bound, takes in zip((*map(str, BOUNDS), "+Inf"), within, strict=True)]
    yield HistogramMetricFamily(
        "latentfm_produce_seconds", "From the order of a take to its publication.", buckets, count.seconds
    )


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"latentfm_{name}", text, value)


def _total(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"latentfm_{name}", text, value)


def _counter(name: str, text: str, label: str, values: Mapping[_Value, float]) -> Metric:
    family = CounterMetricFamily(f"latentfm_{name}", text, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
