"""A whole station's figures, also while its disk gives nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from prometheus_client.parser import text_string_to_metric_families


def scrape(station: Any) -> dict[str, float]:
    """Return the samples of a scrape, each under its name and the values of its labels."""
    status, text = station.get("/metrics")
    assert status == 200, text
    families = text_string_to_metric_families(text.decode())
    return {" ".join((one.name, *one.labels.values())): one.value for family in families for one in family.samples}


def test_a_station_shows_what_it_did(start_station: Callable[..., Any]) -> None:
    """It falls back to the bed until the first take, of which the gate rejects one; all that is in its figures."""
    station = start_station(plan="gate", config="studio.takes_ahead = 2")
    station.wait_for("fallback_left")
    assert [event["origin"] for event in station.events("fallback_entered")] == ["bed"]
    station.wait_for("take_published", times=2)
    found = scrape(station)
    assert (found["latentfm_ready"], found["latentfm_blank"], found["latentfm_fallback_active"]) == (1, 0, 0)
    assert found["latentfm_takes_total rejected"] == found["latentfm_takes_rejected_total silence"] == 1
    assert found["latentfm_takes_total made"] == found["latentfm_produce_seconds_count"] >= 2
    assert found["latentfm_studio_restarts_total"] == 0
    assert found["latentfm_studio_resident_bytes"] > 10e6
    assert 10e6 < found["process_resident_memory_bytes"] < 300e6
    assert found["latentfm_runway_seconds"] > 0
    assert found["latentfm_disk_free_bytes"] > 0
    assert -40 < found["latentfm_output_lufs"] < 0
    assert found["latentfm_output_true_peak_dbtp"] <= -0.9
    assert {"latentfm_part_restarts_total runway", "latentfm_part_restarts_total history"} < found.keys()
    assert json.loads(station.get("/healthz")[1]) == {"alive": True}
    assert station.terminate() == 0


def test_a_state_folder_that_cannot_be_read_costs_no_scrape(start_station: Callable[..., Any]) -> None:
    """The folder is taken away under the station: it plays on, is ready, and shows what it knows."""
    station = start_station()
    station.wait_for("fallback_left")
    station.state.rename(station.folder / "elsewhere")
    station.state.write_text("in the way")
    station.wait_for("bank_unreadable")
    time.sleep(2.1)  # what was found before is good for two seconds
    found = scrape(station)
    assert found["latentfm_ready"] == 1
    assert found["latentfm_runway_seconds"] >= 0  # a take that turns out to be gone is not counted any more
    assert station.get("/readyz")[0] == station.get("/status.json")[0] == 200
    assert len(station.events("bank_unreadable")) == 1
