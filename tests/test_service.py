"""The units: hardened, restarted, accepted by systemd, and one made of the other."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = ("latentfm.service", "latentfm@.service")
MOST_EXPOSED = 2.0


@pytest.fixture
def units(tmp_path: Path, repository: Path) -> Path:
    """Return a folder with the units as they are installed."""
    folder = tmp_path / "units"
    subprocess.run([repository / "scripts" / "units.sh", folder], check=True, timeout=30)
    return folder


@pytest.fixture
def analyze() -> str:
    """Return systemd-analyze; it is on every machine that has systemd."""
    path = shutil.which("systemd-analyze")
    if path is None:
        pytest.skip("there is no systemd-analyze here")
    return path


def settings(unit: Path) -> dict[str, list[str]]:
    """Return what a unit sets, by key, whichever section."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^([A-Z]\w+)=(.*)$", unit.read_text("utf-8"), flags=re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


@pytest.mark.parametrize("unit", UNITS)
def test_little_is_exposed(units: Path, analyze: str, unit: str) -> None:
    """The measure that systemd has of what a break-in could reach is low, and one point more would be told."""
    command = [analyze, "security", "--offline=true", "--no-pager", f"--threshold={round(MOST_EXPOSED * 10)}"]
    result = subprocess.run([*command, units / unit], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", result.stdout)
    assert found is not None, result.stdout
    assert float(found[1]) <= MOST_EXPOSED


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_reads_every_line(units: Path, analyze: str, unit: str, tmp_path: Path) -> None:
    """Nothing is unknown or ignored; the command alone is not on this machine, and stands in for another."""
    text = (units / unit).read_text("utf-8")
    at_home = re.sub(r"^ExecStart=\S+", f"ExecStart={shutil.which('true')}", text, flags=re.MULTILINE)
    (tmp_path / unit).write_text(at_home, "utf-8")
    result = subprocess.run(
        [analyze, "verify", "--man=no", tmp_path / unit.replace("@.", "@gallery.")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_a_password_that_is_not_there_does_not_stop_the_start(units: Path) -> None:
    """systemd.exec(5): what SetCredential sets is the default of a LoadCredential of that name, whose file may miss."""
    for unit in UNITS:
        found = settings(units / unit)
        loaded = [value.partition(":")[0] for value in found["LoadCredential"]]
        assert loaded == [value.partition(":")[0] for value in found["SetCredential"]]
        assert all(value.endswith(":\\n") for value in found["SetCredential"]), "an empty line: no password is here"


def test_it_is_restarted_for_ever_and_judged_by_what_it_plays(units: Path) -> None:
    """The unit restarts whatever happens, waits for READY, expects to hear of audio, and reloads by SIGHUP."""
    found = settings(units / "latentfm.service")
    expected = {
        "Type": "notify",
        "Restart": "always",
        "StartLimitIntervalSec": "0",
        "WatchdogSec": "30",
        "KillMode": "mixed",
        "OOMPolicy": "continue",
        "DynamicUser": "yes",
        "StateDirectory": "latentfm",
        "RuntimeDirectory": "latentfm",
        "ExecReload": "/bin/kill -HUP $MAINPID",
    }
    assert {key: found[key] for key in expected} == {key: [value] for key, value in expected.items()}
    text = (units / "latentfm.service").read_text("utf-8")
    assert "assword" not in re.sub(r"^#.*$", "", text, flags=re.MULTILINE)


def test_stations_share_nothing(units: Path) -> None:
    """The template is the unit with settings, folders and password of each instance's own, and no other difference."""
    one, several = ((units / unit).read_text("utf-8").splitlines() for unit in UNITS)
    assert len(one) == len(several)
    keys = set()
    for before, after in zip(one, several, strict=True):
        if before != after and not before.startswith("#"):
            keys.add(before.partition("=")[0])
            assert "%i" in after
            assert after.replace("-%i", "").replace("%i", "config").replace(" (config)", "") == before
    assert keys == {
        "Description",
        "ExecStart",
        "StateDirectory",
        "CacheDirectory",
        "RuntimeDirectory",
        "Environment",
        "LoadCredential",
    }
    for path in re.findall(r"/(?:var|etc)\S+", "\n".join(line for line in several if not line.startswith("#"))):
        assert "%i" in path


def test_other_places_reach_the_units(tmp_path: Path, repository: Path) -> None:
    """PREFIX and ETC are where the units look."""
    environ = {**os.environ, "PREFIX": "/srv/radio", "ETC": "/srv/settings"}
    subprocess.run([repository / "scripts" / "units.sh", tmp_path], check=True, timeout=30, env=environ)
    assert settings(tmp_path / "latentfm@.service")["ExecStart"] == [
        "/srv/radio/current/bin/latentfm run --config /srv/settings/%i.toml"
    ]
    assert not re.search(r"/(opt|etc)/latentfm", (tmp_path / "latentfm.service").read_text("utf-8"))
