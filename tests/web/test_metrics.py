"""The figures of ``/metrics``, as Prometheus reads them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

import latentfm
from latentfm.broadcast.health import Pulse
from latentfm.broadcast.meter import Reading
from latentfm.broadcast.outputs import OutputStatus
from latentfm.studio.tally import REASONS, Tally
from latentfm.web.metrics import FLOOR, Metrics
from latentfm.web.status import Status

SILENT = Status("x", Pulse(False, None, None))


def samples(status: Status) -> dict[str, float]:
    """Return the samples of a status, each under its name and the values of its labels."""
    text, _ = Metrics(lambda: status).text()
    found = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            found[" ".join((sample.name, *sample.labels.values()))] = sample.value
    return found


def test_a_scrape_shows_what_is_heard(radio: Any, eventually: Callable[..., None]) -> None:
    """Loudness, peaks, runway and memory of a radio on air."""
    # Noise of 0.1 on two channels has -17 dB, and is weighted by 2 to 4 dB more.
    eventually(lambda: radio.metrics()["latentfm_output_rms_dbfs"] > -20.2, 10, "three seconds were not measured")
    found = radio.metrics()
    assert -16 < found["latentfm_output_lufs"] < -12
    assert -12 < found["latentfm_output_peak_dbfs"] <= found["latentfm_output_true_peak_dbtp"] < 0
    assert found["latentfm_output_rms_dbfs"] == pytest.approx(-20, abs=0.2)
    assert (found["latentfm_ready"], found["latentfm_blank"], found["latentfm_fallback_active"]) == (1, 0, 0)
    assert 0 < found["latentfm_runway_ahead_seconds"] < 3
    assert (found["latentfm_runway_seconds"], found["latentfm_runway_fresh_seconds"]) == (120, 60)
    assert found["latentfm_disk_free_bytes"] == 5e9
    assert found["process_resident_memory_bytes"] > 10e6
    assert found['latentfm_part_restarts_total{part="meter"}'] == 0
    assert any(latentfm.__version__ in name for name in found if name.startswith("latentfm_build_info"))
    radio.noise.level = 0.0
    eventually(lambda: radio.metrics()["latentfm_blank"] == 1, 10, "the blank is not shown")
    assert radio.metrics()["latentfm_ready"] == 0
    eventually(lambda: radio.metrics()["latentfm_blank_seconds_total"] > 2, 5, "the blank does not add up")


def test_who_listens_and_when_they_last_got_something(radio: Any, eventually: Callable[..., None]) -> None:
    """The built-in stream has no last write before its first listener, and then that of this moment."""
    written = f'latentfm_output_last_write_timestamp_seconds{{output="{radio.web.name}"}}'
    assert written not in radio.metrics()
    with radio.get("/stream.mp3") as stream:
        assert stream.read(4096)
        found = radio.metrics()
        assert found["latentfm_listeners"] == 1
        assert found[written] == pytest.approx(time.time(), abs=5)
    eventually(lambda: radio.metrics()["latentfm_listeners"] == 0, 5, "the listener is still counted")
    assert radio.metrics()[f'latentfm_output_connected{{output="{radio.web.name}"}}'] == 1


@pytest.mark.parametrize(
    ("accept", "media"),
    [("", "text/plain"), ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text")],
)
def test_it_speaks_the_format_that_is_asked_for(radio: Any, accept: str, media: str) -> None:
    """Prometheus asks for OpenMetrics; whoever asks for nothing gets the plain text."""
    with radio.get("/metrics", accept=accept) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith(media)
        assert answer.headers["Cache-Control"] == "no-store"
        assert b"latentfm_build_info{" in answer.read()


def test_what_the_studio_did_is_counted() -> None:
    """Every result and every kind of rejection is there from the start, so that a rate can be taken of the first."""
    tally = Tally()
    before = samples(replace(SILENT, tally=tally.count))
    for result in ("made", "rejected", "failed"):
        assert before[f"latentfm_takes_total {result}"] == 0
    assert {name for name in before if name.startswith("latentfm_takes_rejected_total ")} == {
        f"latentfm_takes_rejected_total {reason}" for reason in REASONS
    }
    tally.made(3.0)
    tally.made(1_000.0)
    tally.rejected("repeat")
    tally.failed()
    tally.child_broke()
    tally.gave_up()
    after = samples(replace(SILENT, tally=tally.count, studio_bytes=7))
    assert (after["latentfm_takes_total made"], after["latentfm_takes_total failed"]) == (2, 1)
    assert after["latentfm_takes_rejected_total repeat"] == 1
    assert after["latentfm_studio_restarts_total"] == after["latentfm_briefs_given_up_total"] == 1
    assert after["latentfm_studio_resident_bytes"] == 7
    assert after["latentfm_produce_seconds_bucket 2.5"] == 0
    assert after["latentfm_produce_seconds_bucket 5.0"] == after["latentfm_produce_seconds_bucket 640.0"] == 1
    assert after["latentfm_produce_seconds_bucket +Inf"] == after["latentfm_produce_seconds_count"] == 2
    assert after["latentfm_produce_seconds_sum"] == 1_003


def test_silence_has_a_number_and_what_is_not_known_has_none() -> None:
    """Minus infinity would spoil every average; a disk that can't be asked has no sample."""
    found = samples(SILENT)
    assert found["latentfm_output_lufs"] == found["latentfm_output_true_peak_dbtp"] == FLOOR
    assert "latentfm_disk_free_bytes" not in found
    assert found["latentfm_listeners"] == 0
    assert "latentfm_takes_total made" not in found
    assert samples(replace(SILENT, sound=Reading(blank=True, dropped=3)))["latentfm_meter_dropped_blocks_total"] == 3


def test_a_label_holds_no_secret_and_is_escaped() -> None:
    """An output is labelled by its name, whatever that is; its reason, its title and its password are not shown."""
    odd = OutputStatus('icecast "a"\\b\n', "icecast", "refused", reason="sesame", title="opal", connects=4)
    found = samples(replace(SILENT, outputs=(odd,)))
    assert found[f"latentfm_output_reconnects_total {odd.name}"] == 3
    text = Metrics(lambda: replace(SILENT, outputs=(odd,))).text()[0]
    assert b"sesame" not in text
    assert b"opal" not in text
