"""A real sound server for tests: PulseAudio without hardware, private to a test, with speakers that can be unplugged.

PortAudio reaches it by ALSA's plugin for PulseAudio, which is all that it sees of ALSA: cards of the machine that the
tests run on are neither found nor played on.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

RATE = 48_000
DEVICE = "speakers"  # the name of the device, as PortAudio shows it

# PortAudio aborts its process where there are devices and none is called "default".
_ALSA = "\n".join(f"pcm.{name} {{ type pulse }}\nctl.{name} {{ type pulse }}" for name in (DEVICE, "default"))
_STARTING = 20.0  # seconds


class SoundServer:
    """PulseAudio with one sink, whose monitor is recorded.

    Attributes:
        environment: what a process needs in its environment to play here, and only here.
    """

    def __init__(self, folder: Path) -> None:
        """Keep everything in a folder; nothing runs yet."""
        self._run = Path(tempfile.mkdtemp(prefix="snd-"))  # a socket's path must be short
        self._socket = self._run / "native"
        alsa = folder / "asound.conf"
        alsa.write_text(_ALSA)
        self.environment = {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(self._run),
            "PULSE_SERVER": f"unix:{self._socket}",
            "ALSA_CONFIG_PATH": str(alsa),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self._run}/none",
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, plugged: bool = True) -> None:
        """Start the server, with or without its speakers."""
        protocol = f"module-native-protocol-unix auth-anonymous=1 socket={self._socket}"
        options = ("-n", "--daemonize=no", "--exit-idle-time=-1", "--system=no", "--use-pid-file=no")
        self._process = subprocess.Popen(
            [
                "setpriv",
                "--pdeathsig=KILL",
                "pulseaudio",
                *options,
                "--disable-shm=yes",
                "--realtime=no",
                "--high-priority=no",
                "-L",
                protocol,
            ],
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + _STARTING
        while self._control("info").returncode:
            if time.monotonic() > until or self._process.poll() is not None:
                pytest.fail("PulseAudio did not start; `make test` installs pulseaudio, pulseaudio-utils")
            time.sleep(0.05)
        if plugged:
            self.plug()

    def plug(self) -> None:
        """Plug the speakers in."""
        sound = f"rate={RATE} channels=2 format=float32le"
        done = self._control("load-module", "module-null-sink", f"sink_name={DEVICE}", *sound.split())
        assert done.returncode == 0, done.stderr

    def unplug(self) -> None:
        """Unplug them: what plays on them is thrown out."""
        done = self._control("unload-module", "module-null-sink")
        assert done.returncode == 0, done.stderr

    def pause(self) -> None:
        """Stop the server from running without closing anything, as a driver does that hangs."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it run again."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill it, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def clean(self) -> None:
        """Kill it and leave nothing."""
        self.kill()
        shutil.rmtree(self._run, ignore_errors=True)

    def record(self, seconds: float, *, meanwhile: Callable[[], object] = lambda: None) -> NDArray[np.float32]:
        """Return what the speakers play from now on, ``[frames, 2]`` at ``RATE``.

        ``meanwhile`` is called once the recorder runs.
        """
        size = round(seconds * RATE) * 2 * 4
        recorder = subprocess.Popen(
            ["parec", f"--device={DEVICE}.monitor", f"--rate={RATE}", "--channels=2", "--format=float32le", "--raw"],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert recorder.stdout is not None
        with recorder.stdout:
            data = recorder.stdout.read(RATE // 10 * 2 * 4)  # it runs
            meanwhile()
            data += recorder.stdout.read(size - len(data))
            recorder.kill()
            recorder.wait()
        return np.frombuffer(data, dtype="<f4").reshape(-1, 2)

    def _control(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, **self.environment}
        return subprocess.run(["pactl", *command], env=environment, capture_output=True, timeout=30, check=False)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


@pytest.fixture
def sound_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundServer]:
    """Return a sound server that runs, in the environment of whatever the test starts."""
    server = SoundServer(tmp_path)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    server.start()
    yield server
    server.clean()
