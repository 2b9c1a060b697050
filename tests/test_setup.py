"""The set-up: locks that anyone can install from, scripts that are sound, files that belong together."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from importlib.metadata import requires, version
from pathlib import Path

import pytest

import latentfm

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-train.lock")
SCRIPTS = (
    "scripts/install.sh",
    "scripts/uninstall.sh",
    "scripts/units.sh",
    "scripts/setup.sh",
    "scripts/system.sh",
    "scripts/lock.sh",
    ".ci/run",
)


def pins(lock: str) -> dict[str, str]:
    """Return what a lock installs: name and version."""
    found = re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text("utf-8"), flags=re.MULTILINE)
    return dict(found)


def run(*command: str, environ: dict[str, str] | None = None, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command and return how it went."""
    env = {**os.environ, **(environ or {})}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=100)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_host_and_no_folder(lock: str) -> None:
    """Whoever installs chooses the index: a lock has versions and hashes only."""
    text = (ROOT / lock).read_text("utf-8")
    assert not re.search(r"://|--index|--extra-index|--find-links|--trusted-host|file:|@ ", text)
    for line in text.splitlines():
        assert re.fullmatch(r"#.*|[a-z0-9-]+==\S+( ; .+)? \\| {4}--hash=sha256:[0-9a-f]{64}( \\)?", line), line


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(lock: str) -> None:
    """No package of a lock comes without a hash, and none twice."""
    blocks = re.split(r"^(?=[a-z0-9-]+==)", (ROOT / lock).read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(lock)) > 50
    for block in blocks:
        assert "--hash=sha256:" in block, block


def test_the_locks_agree() -> None:
    """What the tests and the trainers run with is what the station runs with."""
    station = pins("requirements.lock")
    for lock in LOCKS[1:]:
        more = pins(lock)
        assert {name: more.get(name) for name in station} == station


def test_the_locks_hold_what_the_project_asks_for() -> None:
    """Each dependency in pyproject.toml is locked, in the lock of its extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = {"requirements.lock": project["dependencies"]}
    wanted |= {f"requirements-{extra}.lock": names for extra, names in project["optional-dependencies"].items()}
    for lock, requirements in wanted.items():
        names = {re.match(r"[A-Za-z0-9_-]+", requirement)[0] for requirement in requirements}  # type: ignore[index]
        assert names <= set(pins(lock)), lock


def test_what_is_installed_is_what_is_locked() -> None:
    """The libraries that these tests run with are of the locked versions."""
    if Path(sys.prefix) != ROOT / ".venv":
        pytest.skip("this environment was not made by the set-up")
    for name in ("numpy", "note-seq", "ai-edge-litert", "pydantic", "starlette", "pytest"):
        assert version(name) == pins("requirements-test.lock")[name], name


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_can_be_run_and_parse(script: str) -> None:
    """Each script is executable and accepted by the shell that its first line names."""
    path = ROOT / script
    assert path.stat().st_mode & stat.S_IXUSR
    shell = "bash" if "bash" in path.read_text("utf-8").splitlines()[0] else "sh"
    result = run(shell, "-n", script)
    assert result.returncode == 0, result.stderr


def test_a_python_that_is_too_old_is_told() -> None:
    """The set-up names the versions that the station runs on instead of failing half-way."""
    result = run("scripts/setup.sh", "run", environ={"PYTHON": "/bin/false"})
    assert result.returncode == 1
    assert "is not a Python from 3.11 to 3.14" in result.stderr


def test_a_machine_without_python_is_told(tmp_path: Path) -> None:
    """Without any python3 the set-up says what to install."""
    for tool in ("sh", "dirname", "sed"):
        (tmp_path / tool).symlink_to(shutil.which(tool) or "/bin/false")
    result = run("scripts/setup.sh", "run", environ={"PATH": str(tmp_path), "PYTHON": ""})
    assert result.returncode == 1
    assert "no python3 found" in result.stderr


def test_who_may_not_install_is_given_one_command(tmp_path: Path) -> None:
    """Without root and sudo the set-up names what is missing and the command that installs it."""
    for tool in ("sh", "dirname", "sed", "tr", "id", "python3", "apt-cache"):
        target = shutil.which(tool)
        if target and tool not in {"id", "python3"}:
            (tmp_path / tool).symlink_to(target)
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n", "utf-8")
    # This Python lacks FluidSynth, whatever the machine has.
    (tmp_path / "python3").write_text(
        f'#!/bin/sh\ncase "$*" in *libfluidsynth*) exit 1 ;; esac\nexec {sys.executable} "$@"\n', "utf-8"
    )
    for name in ("id", "python3"):
        (tmp_path / name).chmod(0o755)
    result = run("scripts/setup.sh", "run", environ={"PATH": str(tmp_path), "PYTHON": "python3"})
    assert result.returncode == 1
    assert "missing on this machine: " in result.stderr
    assert "libfluidsynth3" in result.stderr
    assert "sudo scripts/system.sh run" in result.stderr


def test_make_names_its_targets_and_means_them() -> None:
    """Each target that the design names is listed by `make help`, and a dry run of it finds its files."""
    listed = run("make", "help").stdout
    for target in (
        "setup",
        "run",
        "test",
        "lint",
        "bench",
        "models",
        "lock",
        "install",
        "upgrade",
        "uninstall",
        "clean",
    ):
        assert f"make {target} " in listed
        result = run("make", "-n", target)
        assert result.returncode == 0, result.stderr
        for script in re.findall(r"scripts/\S+?\.(?:sh|py)", result.stdout):
            assert (ROOT / script).is_file(), script


def test_ci_runs_the_tests() -> None:
    """What a submission must pass is `make test`, and nothing waits for an answer."""
    assert "exec make test TRAIN=1 </dev/null" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_version_is_said_once() -> None:
    """The package's version is the one that was built, and the changelog has an entry for it."""
    assert version("latentfm") == latentfm.__version__
    assert f"## {latentfm.__version__}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_no_copyleft_library_is_asked_for() -> None:
    """None of the libraries that the design rules out is a dependency."""
    asked = " ".join(requires("latentfm") or [])
    for name in ("pedalboard", "magenta", "liquidsoap", "essentia"):
        assert name not in asked
    assert {"pedalboard", "av", "magenta"}.isdisjoint(pins("requirements-train.lock") | pins("requirements-test.lock"))


def test_the_package_takes_its_data_along(tmp_path: Path) -> None:
    """A wheel built from the checkout has the defaults, the moods and every data file beside the code."""
    result = run(
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--disable-pip-version-check",
        "--wheel-dir",
        str(tmp_path),
        str(ROOT),
    )
    assert result.returncode == 0, result.stderr
    (wheel,) = tmp_path.glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "wheel", "zip")
    package = tmp_path / "wheel" / "latentfm"
    assert (package / "defaults" / "config.toml").read_bytes() == (ROOT / "config.toml").read_bytes()
    assert (package / "defaults" / "playlists" / "day.toml").is_file()
    source = ROOT / "daemon" / "latentfm"
    data = {".tflite", ".json", ".npz", ".txt", ".html", ".css", ".js", ".svg", ".flac", ".mid", ".tsv", ".toml"}
    for path in source.rglob("*"):
        if path.suffix in data and path.is_file():
            assert (package / path.relative_to(source)).is_file(), path.name
    assert not list((tmp_path / "wheel").glob("tests"))
