"""Checks are isolated: whatever one does, the others are made."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from latentfm.doctor import Finding, examine
from latentfm.doctor.child import CHECKS
from latentfm.doctor.examine import LIMITS

FAULTY = (sys.executable, str(Path(__file__).with_name("fault_child.py")))
WELL = Finding(check="well", state="ok", text="so far")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("hang", "it gave no answer in 1 s"),
        ("crash", "it broke off, killed by SIGILL"),
        ("raise", "it broke off, exit status 1: RuntimeError: the card has a hole"),
    ],
)
def test_a_check_that_goes_wrong_is_a_line_and_not_the_end(fault: str, words: str) -> None:
    """What it had found is told, then how it ended, and the next check is made."""
    began = time.monotonic()
    found = list(examine(None, [fault, "well"], command=FAULTY, limits={fault: 1.0, "well": 20.0}))
    assert time.monotonic() - began < 30
    assert [finding.state for finding in found] == ["ok", "failed", "ok"]
    assert (found[1].check, found[1].text) == (fault, words)
    assert found[1].remedy
    assert found[2] == WELL


def test_a_check_that_can_not_be_started_is_a_line() -> None:
    """Where no process can be made, that is what is found."""
    (found,) = examine(None, ["well"], command=("/nowhere/python",), limits={"well": 1.0})
    assert (found.state, found.check) == ("failed", "well")


def test_every_check_has_a_limit() -> None:
    """What may be asked for is what is there."""
    assert {"settings", *CHECKS} == set(LIMITS)


@pytest.mark.slow
def test_a_machine_that_is_well_passes(tmp_path: Path, repository: Path) -> None:
    """With the defaults nothing fails here, speed included, and the command line says so by its status and as JSON."""
    environ = {**os.environ, "LATENTFM_STATION__STATE_DIR": str(tmp_path / "not/there/yet")}
    environ["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-m", "latentfm", "doctor", "--json", "--config", str(repository / "config.toml")]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False, timeout=110)
    found = [Finding.model_validate(json.loads(line)) for line in done.stdout.splitlines()]
    assert {finding.check for finding in found} == set(LIMITS)
    assert [finding for finding in found if finding.state == "failed"] == [], done.stderr
    assert done.returncode == 0
    (speed,) = (finding.text for finding in found if finding.check == "speed")
    assert "times real time" in speed


def test_a_broken_configuration_fails_and_the_machine_is_looked_at_all_the_same(tmp_path: Path) -> None:
    """The settings' faults are lines of their own, the other checks use the defaults, and the status is 1."""
    (tmp_path / "config.toml").write_text('[station]\nnaem = "x"\n[web]\nport = "high"\n')
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", "latentfm", "doctor", "--quick", "--config", str(tmp_path / "config.toml")]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False, timeout=110)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert sum(line.startswith("failed   settings") for line in lines) == 2
    assert any("station.naem" in line for line in lines)
    assert any("to do: correct it" in line for line in lines)
    assert any(line.startswith("ok       weights") for line in lines)
