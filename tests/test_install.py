"""Installing, upgrading, going back and uninstalling: the real scripts, in places of a test's own."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SYSTEMCTL = """#!/bin/sh
# Stands in for a systemd that runs: one station is active, and a restart fails as often as `failures` has lines.
echo "$*" >>"$(dirname "$0")/../calls"
case $1 in
    is-system-running) echo running ;;
    list-units) echo "latentfm.service loaded active running Latent FM" ;;
    restart)
        failures=$(dirname "$0")/../failures
        if [ -s "$failures" ]; then
            sed -i 1d "$failures"
            exit 1
        fi
        ;;
esac
"""

WELL = "--help"  # the doctor then finds nothing, at once

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a wheel of this checkout, built once."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--disable-pip-version-check", "--wheel-dir", folder, ROOT], check=True, timeout=200)
    (found,) = folder.glob("*.whl")
    return found


class Box:
    """A machine: its folders, its systemctl, and the scripts as they are run on it."""

    def __init__(self, folder: Path, wheel: Path, environ: Mapping[str, str]) -> None:
        """Lay out folders; the libraries of these tests are the environment that the lock would be installed to."""
        self.folder = folder
        self.prefix, self.etc, self.units = folder / "opt/latentfm", folder / "etc/latentfm", folder / "etc/systemd"
        self.state, self.command = folder / "var/lib/latentfm", folder / "bin/latentfm"
        (folder / "tools").mkdir(parents=True)
        lock = hashlib.sha256((ROOT / "requirements.lock").read_bytes()).hexdigest()[:12]
        key = f"py{sys.version_info[0]}.{sys.version_info[1]}-{platform.machine()}-{lock}"
        self.share_libraries(self.prefix, key)
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self.environ = {
            **clean,
            "PATH": f"{folder / 'tools'}:{os.environ['PATH']}",
            "PYTHON": sys.executable,
            "WHEEL": str(wheel),
            "DOCTOR_ARGS": "--quick",
            "PREFIX": str(self.prefix),
            "ETC": str(self.etc),
            "UNITS": str(self.units),
            "BIN": str(folder / "bin"),
            "STATE": str(self.state),
            "CACHE": str(folder / "var/cache/latentfm"),
            **environ,
        }
        self._key = key

    def share_libraries(self, prefix: Path, key: str) -> None:
        """Link the environment that runs these tests to where the installer looks for the lock's."""
        (prefix / "environments").mkdir(parents=True)
        (prefix / "environments" / key).symlink_to(sys.prefix)

    def start_systemd(self) -> None:
        """Let there be a systemd from now on."""
        (self.folder / "tools/systemctl").write_text(SYSTEMCTL, "utf-8")
        (self.folder / "tools/systemctl").chmod(0o755)

    def calls(self) -> list[str]:
        """Return what systemctl was asked for, besides questions."""
        path = self.folder / "calls"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [line for line in lines if not line.startswith(("is-", "list-"))]

    def run(self, script: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts."""
        return subprocess.run(
            [ROOT / "scripts" / script, *arguments],
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=250,
        )

    def install(self, action: str = "install", **environ: str) -> subprocess.CompletedProcess[str]:
        """Install or upgrade; fail the test if that fails."""
        result = self.run("install.sh", action, **environ)
        assert result.returncode == 0, result.stdout + result.stderr
        return result

    def current(self) -> str:
        """Return the release that is switched to."""
        return str((self.prefix / "current").readlink())

    def releases(self) -> set[str]:
        """Return all releases that are there."""
        return {f"releases/{path.name}" for path in (self.prefix / "releases").iterdir()}


@pytest.fixture
def box(tmp_path: Path, wheel: Path) -> Box:
    """Return a machine with nothing on it and no systemd."""
    return Box(tmp_path, wheel, {})


def test_a_new_machine_gets_a_station_that_plays(box: Box, free_port: Callable[[], int]) -> None:
    """Everything is where it belongs, the installed release plays without the checkout, and leaves but what is ours."""
    said = box.install().stdout
    assert "systemd does not run here: nothing was started" in said
    release = box.prefix / box.current()
    assert box.command.resolve() == (release / "venv/bin/latentfm").resolve()
    for path in ("config.toml", "playlists/day.toml", "playlists/themes"):
        assert (box.etc / path).exists()
    assert (box.etc / "credentials").stat().st_mode & 0o777 == 0o700
    for unit in ("latentfm.service", "latentfm@.service"):
        text = (box.units / unit).read_text("utf-8")
        assert f"ExecStart={box.prefix}/current/bin/latentfm run" in text
        assert str(ROOT) not in text
    documentation = re.findall(r"^Documentation=file:(\S+)", text, flags=re.MULTILINE)
    assert all(Path(path).is_file() for path in documentation)
    where = [release / "venv/bin/python", "-c", "import latentfm; print(latentfm.__file__)"]
    found = subprocess.run(where, capture_output=True, text=True, check=True, cwd="/", env=box.environ, timeout=60)
    assert Path(found.stdout.strip()).is_relative_to(release)

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(box.folder / "notify"))
        manager.settimeout(60)
        station = subprocess.Popen(
            [box.command, "run", "--config", box.etc / "config.toml"],
            cwd="/",
            env={
                **box.environ,
                "NOTIFY_SOCKET": str(box.folder / "notify"),
                "LATENTFM_STATION__STATE_DIR": str(box.state),
                "LATENTFM_WEB__PORT": str(free_port()),
            },
            stderr=subprocess.DEVNULL,
        )
        try:
            assert manager.recv(1000) == b"READY=1"
            mapped = Path(f"/proc/{station.pid}/maps").read_text()
            assert f"{ROOT}/daemon" not in mapped
        finally:
            station.terminate()
            station.wait(20)

    (box.etc / "credentials/icecast").write_text("secret")
    result = box.run("uninstall.sh")
    assert result.returncode == 0, result.stderr
    assert not box.prefix.exists()
    assert not box.command.is_symlink()
    assert not list(box.units.iterdir())
    assert (box.etc / "credentials/icecast").exists()
    assert box.state.exists()
    other = box.folder / "var/lib/other"
    other.mkdir()
    assert box.run("uninstall.sh", PURGE="1").returncode == 0
    assert not box.etc.exists()
    assert not box.state.exists()
    assert other.exists()


def test_a_root_to_be_packed_up_names_itself_nowhere(box: Box) -> None:
    """With DESTDIR all goes below it, nothing is started, and no link or script points back to it."""
    root = box.folder / "root"
    box.start_systemd()
    box.share_libraries(root / str(box.prefix).lstrip("/"), box._key)
    box.install(DESTDIR=str(root))
    top = root / str(box.prefix).lstrip("/")
    release = top / (top / "current").readlink()
    assert box.calls() == []
    assert not (box.prefix / "releases").exists()
    assert (root / str(box.command).lstrip("/")).readlink() == box.prefix / "current/bin/latentfm"
    assert (release / "venv/bin/latentfm").read_text("utf-8").startswith("#!")
    for path in (release / "venv/bin/latentfm", *(release / "systemd").iterdir()):
        assert str(root) not in path.read_text("utf-8")
    version = [top / "current/venv/bin/python", "-m", "latentfm", "--version"]
    assert subprocess.run(version, capture_output=True, check=True, cwd="/", env=box.environ, timeout=60).stdout


def test_an_upgrade_keeps_settings_and_the_release_before(box: Box) -> None:
    """The new release is examined, switched to and started; own settings stay; of the old ones the last is kept."""
    assert "nothing is installed" in box.run("install.sh", "upgrade").stderr
    box.install(DOCTOR_ARGS=WELL)
    first = box.current()
    own = (box.etc / "config.toml").read_text("utf-8").replace('"Latent FM"', '"Gallery FM"')
    (box.etc / "config.toml").write_text(own, "utf-8")
    box.start_systemd()
    said = box.install("upgrade").stdout
    second = box.current()
    assert first != second
    assert "ok       weights" in said
    assert f"{box.etc}/config.toml stays; this release ships another one" in said
    assert (box.etc / "config.toml").read_text("utf-8") == own
    assert box.calls() == ["daemon-reload", "restart latentfm.service"]
    (box.prefix / "environments/of-an-older-lock").mkdir()
    box.install("upgrade", DOCTOR_ARGS=WELL)
    assert box.releases() == {second, box.current()}
    assert [path.name for path in (box.prefix / "environments").iterdir()] == [box._key]


def test_a_release_that_the_doctor_or_the_start_refuses_is_left(box: Box) -> None:
    """When the doctor finds a fault, or the station does not start, the station goes on with the release it had."""
    box.install(DOCTOR_ARGS=WELL)
    first = box.current()
    box.start_systemd()
    settings = (box.etc / "config.toml").read_text("utf-8")
    (box.etc / "config.toml").write_text("[station]\nnaem = 1\n", "utf-8")
    refused = box.run("install.sh", "upgrade")
    assert refused.returncode == 1
    assert "naem" in refused.stdout
    assert "the old one stays (FORCE=1 passes over it)" in refused.stderr
    assert (box.current(), box.releases(), box.calls()) == (first, {first}, [])

    (box.etc / "config.toml").write_text(settings, "utf-8")
    (box.folder / "failures").write_text("once\n")
    marked = (box.prefix / first / "systemd/latentfm.service").read_text("utf-8") + "# of the first\n"
    (box.prefix / first / "systemd/latentfm.service").write_text(marked, "utf-8")
    back = box.run("install.sh", "upgrade", DOCTOR_ARGS=WELL)
    assert back.returncode == 1
    assert f"the station is back on {first}" in back.stderr
    assert box.current() == first
    assert (box.units / "latentfm.service").read_text("utf-8") == marked
    assert box.calls() == ["daemon-reload", "restart latentfm.service"] * 2


def test_who_may_not_write_is_told_so(box: Box) -> None:
    """Where the folders can't be made, one line says which and what to do, and nothing is left."""
    (box.folder / "file").write_text("no folder")
    refused = box.run("install.sh", "install", PREFIX=str(box.folder / "file/opt"))
    assert refused.returncode == 1
    assert "can't be written: sudo make install" in refused.stderr
    assert not box.etc.exists()


def test_shellcheck_has_nothing_to_say(program: Callable[..., str]) -> None:
    """The scripts have no quoting faults and no words that other shells do not know."""
    scripts = [*(ROOT / "scripts").glob("*.sh"), ROOT / ".ci" / "run"]
    result = subprocess.run(
        [program("shellcheck"), *scripts], capture_output=True, text=True, check=False, timeout=60, cwd=ROOT
    )
    assert result.returncode == 0, result.stdout
