"""The state folder: writable, and one station's alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from latentfm.errors import ConfigError, LatentFMError
from latentfm.ops.state import StateFolder


def test_a_missing_folder_is_made_and_left_clean(tmp_path: Path) -> None:
    """Parents too; nothing but the lock stays in it."""
    with StateFolder(tmp_path / "a" / "b") as state:
        assert [path.name for path in state.path.iterdir()] == ["lock"]


def test_a_folder_that_cannot_be_made_is_an_error_that_helps(tmp_path: Path) -> None:
    """The message names the folder, the reason and the key to change; the status is that of a configuration error."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigError, match=r"file/state can't be written: Not a directory.*state_dir") as caught:
        StateFolder(tmp_path / "file" / "state")
    assert caught.value.exit_status == 2


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """Root too is refused by a file system that takes no files."""
    with pytest.raises(ConfigError, match="can't be written"):
        StateFolder(Path("/proc/self"))
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        with pytest.raises(ConfigError, match="Permission denied"):
            StateFolder(tmp_path)


def test_a_second_station_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    """The lock names who holds it, and goes with that process even if it is killed."""
    code = (
        "import sys, time; from pathlib import Path; from latentfm.ops.state import StateFolder\n"
        "state = StateFolder(Path(sys.argv[1])); print('held', flush=True); time.sleep(600)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, env=environment
    ) as first:
        assert first.stdout
        assert first.stdout.readline() == b"held\n"
        with pytest.raises(LatentFMError, match=f"another station runs .*process {first.pid}"):
            StateFolder(tmp_path)
        first.send_signal(signal.SIGKILL)
        first.wait(10)
    StateFolder(tmp_path).close()
