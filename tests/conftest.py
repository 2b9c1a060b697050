"""What all tests share: a home of their own, free ports, and the programs that the test set-up installs."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from sound_server import sound_server

__all__ = ["sound_server"]  # a fixture of many rooms
from icecast_server import Icecast, let_in
from waiting import wait_until

BROWSER_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--autoplay-policy=no-user-gesture-required",
    "--window-size=800,900",
)
REPOSITORY = Path(__file__).resolve().parents[1]


def pytest_configure() -> None:
    """Keep libraries from a display, and Hypothesis from a stop watch, which would tell of a busy machine."""
    os.environ.setdefault("MPLBACKEND", "agg")
    settings.register_profile("untimed", parent=settings(), deadline=None)
    settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs TensorFlow where it is not installed."""
    if importlib.util.find_spec("tensorflow") is not None:
        return
    for item in items:
        if item.get_closest_marker("train"):
            item.add_marker(pytest.mark.skip(reason="needs the extra `train`: make test TRAIN=1"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the checkout."""
    return REPOSITORY


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test out of the home of whoever runs it, and its environment out of the test."""
    for variable in [name for name in os.environ if name.startswith("LATENTFM_")]:
        monkeypatch.delenv(variable)
    for variable in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "CREDENTIALS_DIRECTORY"):
        monkeypatch.delenv(variable, raising=False)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(home / "machine"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Return a function that finds a free port on loopback."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
            return port

    return find


@pytest.fixture(scope="session")
def program() -> Callable[..., str]:
    """Return a function that finds a program by any of its names; a missing one fails the test, it never skips it."""

    def find(*names: str) -> str:
        for name in names:
            path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")
            if path:
                return path
        pytest.fail(f"{' or '.join(names)} is not installed; `make test` installs it")

    return find


@pytest.fixture
def browser(program: Callable[..., str], tmp_path: Path) -> Iterator[Any]:
    """Return a browser without a screen, and without a way out."""
    from selenium import webdriver  # noqa: PLC0415 - for the few tests that look at pages

    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium", "chromium-browser")
    for flag in (*BROWSER_FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(program("chromedriver")))
    yield driver
    driver.quit()


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Return a function that waits until a condition holds."""
    return wait_until


@pytest.fixture
def icecast(
    tmp_path_factory: pytest.TempPathFactory, program: Callable[..., str], free_port: Callable[[], int]
) -> Iterator[Icecast]:
    """Return a real Icecast that is not started yet."""
    folder = tmp_path_factory.mktemp("icecast")
    let_in(folder)
    server = Icecast(folder, program("icecast2", "icecast"), free_port(), free_port())
    yield server
    server.kill()
