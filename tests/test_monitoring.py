"""The rules, the board and the page about them belong to the figures that a station shows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from latentfm.broadcast.health import Pulse
from latentfm.broadcast.outputs import OutputStatus
from latentfm.broadcast.supervised import Supervised
from latentfm.studio.tally import Tally
from latentfm.web.metrics import Metrics
from latentfm.web.status import Status

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "monitoring"
RULES = (FOLDER / "alerts.yml").read_text("utf-8")
PAGE = (ROOT / "docs" / "monitoring.md").read_text("utf-8")
BOARD = json.loads((FOLDER / "dashboard.json").read_text("utf-8"))
NAME = re.compile(r"\b(?:latentfm|process)_[a-z_]+")


@pytest.fixture
def shown() -> Iterator[set[str]]:
    """Return the names of all samples that a station with an Icecast and a studio shows, from its own exposition."""
    part = Supervised("a part", lambda stop: stop.wait() and None)
    part.start()
    outputs = (OutputStatus("icecast x", "icecast", "connected", connects=2, last_write=1.0),)
    status = Status("x", Pulse(False, None, None), outputs=outputs, tally=Tally().count, disk_free=1)
    text, _ = Metrics(lambda: status).text()
    yield {sample.name for family in text_string_to_metric_families(text.decode()) for sample in family.samples}
    assert part.stop()


def promtool(*arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run Prometheus's own checker; skip where it is not installed."""
    path = shutil.which("promtool")
    if path is None:
        pytest.skip("promtool is not installed: apt-get install prometheus")
    command = [path, *arguments]
    return subprocess.run(command, cwd=ROOT, input=said, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "rules", "monitoring/alerts.yml"),
        ("check", "config", "monitoring/prometheus.yml"),
        ("test", "rules", "monitoring/alerts_test.yml"),
    ],
)
def test_promtool_is_content(arguments: tuple[str, ...]) -> None:
    """The rules are sound, fire when they must, and leave a sound station in peace."""
    done = promtool(*arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_promtool_likes_the_exposition() -> None:
    """Names, units and help are as Prometheus's linter wants them."""
    status = Status("x", Pulse(False, None, None), tally=Tally().count, disk_free=1)
    text, _ = Metrics(lambda: status).text()
    done = promtool("check", "metrics", said=text.decode())
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_and_the_board_ask_for_what_is_shown(shown: set[str]) -> None:
    """Each figure that they use is one of a real answer of ``/metrics``."""
    used = set(NAME.findall(re.sub(r"(?m)^\s*(?:summary|description):.*$", "", RULES)))
    assert len(used) > 10
    for panel in BOARD["panels"]:
        for target in panel["targets"]:
            asked = set(NAME.findall(target["expr"]))
            assert asked, f"{panel['title']} asks for nothing"
            used |= asked
    for variable in BOARD["templating"]["list"]:
        used |= set(NAME.findall(json.dumps(variable)))
    assert used - shown == set()


def test_the_page_explains_every_figure_and_every_alert(shown: set[str]) -> None:
    """A row for each, and none for what there is not."""
    plain = {re.sub(r"_(?:bucket|sum|count)$", "", name) for name in shown if name.startswith("latentfm_")}
    explained = set(re.findall(r"^\| `(latentfm_[a-z_]+)", PAGE, re.MULTILINE))
    assert explained == plain
    alerts = set(re.findall(r"- alert: (\w+)", RULES))
    assert set(re.findall(r"^\| `(LatentFM\w+)`", PAGE, re.MULTILINE)) == alerts


def test_every_alert_is_tested() -> None:
    """A rule that no test makes fire may never do so."""
    tests = (FOLDER / "alerts_test.yml").read_text("utf-8")
    for alert in re.findall(r"- alert: (\w+)", RULES):
        assert f'alertname="{alert}"' in tests


def test_the_board_is_one_that_grafana_takes() -> None:
    """Panels have numbers of their own, lie side by side, name their source by the variable, and say what they show."""
    assert BOARD["uid"] == "latentfm"
    assert BOARD["schemaVersion"] >= 36
    panels: list[dict[str, Any]] = BOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        assert panel["type"] in ("stat", "timeseries")
        assert panel["title"]
        assert panel["description"]
        assert panel["datasource"]["uid"] == "${datasource}"
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, f"{panel['title']} lies on another panel"
        taken |= cells
        for target in panel["targets"]:
            assert "$instance" in target["expr"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
    assert {variable["name"] for variable in BOARD["templating"]["list"]} == {"datasource", "instance"}
