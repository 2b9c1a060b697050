"""A tone on a real sound server's speakers: it arrives whole, and comes back after whatever happens to them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from latentfm.ops.process import child_environment
from latentfm.soundcard.link import CHILD
from sound_server import DEVICE, RATE, SoundServer

HERTZ = 440
CLICK = 2e-4  # what no tone of 440 Hz, even one whose pitch moves by 500 ppm, leaves over; a lost frame leaves 0.05


def jumps(wave: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what a tone's own recurrence does not explain: nothing, unless it is interrupted."""
    samples = wave.astype(np.float64)
    return np.abs(samples[2:] - 2 * np.cos(2 * np.pi * HERTZ / RATE) * samples[1:-1] + samples[:-2])


def is_tone(audio: NDArray[np.float32]) -> bool:
    """Say whether all of a recording is the tone, at its level."""
    return bool(jumps(audio[:, 0]).max() < CLICK and np.abs(np.abs(audio).max() - 0.5) < 0.01)


def events(logs: list[Any], *, level: str) -> list[str]:
    """Return the events of a level that tell of an output."""
    return [entry["event"] for entry in logs if entry["log_level"] == level and "output" in entry]


def heard(server: SoundServer) -> bool:
    """Say whether the speakers play the tone now; right after a start there may still be silence."""
    return is_tone(server.record(0.3))


def test_a_tone_arrives_without_gaps_or_clicks(
    sound_server: SoundServer, play: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    """Five seconds, recorded from the speakers' monitor, are one unbroken tone on both sides."""
    player = play()
    eventually(lambda: player.speakers.report, 15, "nothing was reported")
    eventually(lambda: heard(sound_server), 10, "no tone was heard")
    audio = sound_server.record(5.0)
    assert is_tone(audio)
    np.testing.assert_array_equal(audio[:, 0], audio[:, 1])
    status = player.speakers.status
    assert (status.kind, status.state, status.connects, status.gaps) == ("soundcard", "connected", 1, 0)
    assert status.listeners is None
    assert status.bytes_sent > 5 * RATE * 8
    assert player.speakers.report.skips == 0
    assert 0.3 < player.speakers.report.fill < 1.6
    assert abs(player.speakers.report.ppm) <= 500.001


def test_unplugged_and_plugged_again(
    sound_server: SoundServer, play: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    """Speakers that go are told once, tried for again and again, and told once when they play again."""
    with capture_logs() as logs:
        player = play()
        speakers = player.speakers
        eventually(lambda: speakers.status.state == "connected", 15, "it did not connect")
        sound_server.unplug()
        eventually(lambda: speakers.status.state == "waiting", 10, "the loss was not noticed")
        time.sleep(2)
        assert speakers.status.reason
        sound_server.plug()
        eventually(lambda: speakers.status.state == "connected", 10, "it did not come back")
        eventually(lambda: heard(sound_server), 10, "no tone was heard")
    assert speakers.status.connects == 2
    assert events(logs, level="warning") == ["output_lost"]
    assert [event for event in events(logs, level="info") if "connected" in event] == [
        "output_connected",
        "output_reconnected",
    ]
    assert player.slowest < 0.2


@pytest.mark.parametrize("how", ["killed", "hangs"])
def test_a_sound_server_that_goes_and_comes(
    sound_server: SoundServer, play: Callable[..., Any], eventually: Callable[..., None], how: str
) -> None:
    """A server that dies, and one that hangs with PortAudio in it, hold nothing up and cost only this output."""
    player = play()
    speakers = player.speakers
    eventually(lambda: speakers.report, 15, "it did not connect")
    sound_server.kill() if how == "killed" else sound_server.pause()
    eventually(lambda: speakers.status.state == "waiting", 10, "the loss was not noticed")
    sound_server.start() if how == "killed" else sound_server.resume()
    eventually(lambda: speakers.status.state == "connected", 25, "it did not come back")
    eventually(lambda: heard(sound_server), 10, "no tone was heard")
    assert player.slowest < 0.2


def test_stopping_does_not_wait_for_a_card_that_hangs(
    sound_server: SoundServer, play: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    """A driver that does not let go is left to the kernel."""
    player = play()
    eventually(lambda: player.speakers.report, 15, "it did not connect")
    sound_server.pause()
    began = time.monotonic()
    player.speakers.stop()
    assert time.monotonic() - began < 3
    assert player.speakers.status.state == "stopped"
    assert not children()
    sound_server.resume()


def test_stopping_fades_out(
    sound_server: SoundServer, play: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    """The last thing that is heard is no click."""
    player = play()
    eventually(lambda: heard(sound_server), 20, "no tone was heard")
    audio = sound_server.record(2.0, meanwhile=player.speakers.stop)[:, 0]
    assert not audio[-RATE // 10 :].any(), "it went on"
    assert np.abs(audio[: RATE // 10]).max() > 0.4
    assert jumps(audio).max() < 0.002


def test_a_child_that_crashes_is_replaced(
    sound_server: SoundServer, play: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    """A crash inside PortAudio takes the child, not the station."""
    speakers = play().speakers
    eventually(lambda: speakers.report, 15, "it did not connect")
    (child,) = children()
    with capture_logs() as logs:
        os.kill(child, signal.SIGSEGV)
        eventually(lambda: speakers.status.connects == 2, 15, "it did not come back")
    assert "signal 11" in next(entry["reason"] for entry in logs if entry["event"] == "output_lost")


def test_a_device_that_is_not_there_yet(
    sound_server: SoundServer, play: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    """What there is instead is named, and the one that is plugged in later is found."""
    sound_server.kill()
    speakers = play().speakers
    eventually(lambda: speakers.status.state == "waiting", 15, "it did not notice")
    assert "there is no sound card" in (speakers.status.reason or "")
    sound_server.start()
    eventually(lambda: speakers.status.state == "connected", 15, "it did not connect")
    other = play("Loudspeaker").speakers
    eventually(lambda: other.status.state == "waiting", 15, "it did not notice")
    assert other.status.reason == f"it is not there; there are: '{DEVICE}', 'default'"


def test_a_gap_is_counted_and_told(
    sound_server: SoundServer, play: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    """A station that is held up for long leaves a gap; its speakers stay connected and say so."""
    player = play()
    eventually(lambda: heard(sound_server), 20, "no tone was heard")
    with capture_logs() as logs:
        player.halt()
        eventually(lambda: player.speakers.gaps, 10, "the gap was not counted")
        player.go_on()
        eventually(lambda: heard(sound_server), 10, "no tone was heard")
    assert player.speakers.status.gaps == 1
    assert [entry["gaps"] for entry in logs if entry["event"] == "output_gaps"] == [1]
    assert player.speakers.status.connects == 1


def test_one_channel_gets_both_sides(
    sound_server: SoundServer, play: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    """Sound goes where `channels` says, and nowhere else."""
    play(channels=(2,))
    eventually(lambda: loud(sound_server), 20, "no tone was heard")
    audio = sound_server.record(0.5)
    assert not audio[:, 0].any()
    assert jumps(audio[:, 1]).max() < CLICK


def loud(server: SoundServer) -> bool:
    """Say whether anything is heard at the end of a short while."""
    return bool(np.abs(server.record(0.3)[-RATE // 10 :]).max() > 0.4)


NO_48_KHZ = """
import sys
import sounddevice
real = sounddevice.OutputStream
def picky(*, samplerate, **settings):
    if samplerate == 48000:
        raise sounddevice.PortAudioError("Invalid sample rate", -9997)
    return real(samplerate=samplerate, **settings)
sounddevice.OutputStream = picky
from latentfm.soundcard.child import main
main(sys.argv[1:])
"""


def test_a_card_without_48_khz_gets_its_own_rate(
    sound_server: SoundServer, play: Callable[..., Any], eventually: Callable[..., None]
) -> None:
    """It is resampled to what the card accepts: the pitch is the same."""
    with capture_logs() as logs:
        play(command=(sys.executable, "-c", NO_48_KHZ))
        eventually(lambda: loud(sound_server), 20, "no tone was heard")
    assert [entry["rate"] for entry in logs if entry["event"] == "output_connected"] == [44_100]
    wave = sound_server.record(2.0)[:, 0]
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    assert abs(np.argmax(spectrum) / 2.0 - HERTZ) <= 0.5


FAULTS = {
    "garbage": ("print('hello', flush=True); input()", "waiting", "what nobody understands"),
    "leaves": ("print('no more', file=sys.stderr); sys.exit(3)", "waiting", "status 3: no more"),
    "deaf": (
        """print('{"kind": "opened", "device": "x", "rate": 1, "latency": 1}', flush=True); time.sleep(60)""",
        "waiting",
        "takes no more audio|has taken no audio",
    ),
    "library": (
        """print('{"kind": "failed", "reason": "no PortAudio", "refused": true}', flush=True); sys.exit(1)""",
        "refused",
        "no PortAudio",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_the_child_does_is_explained(
    play: Callable[..., Any], eventually: Callable[..., None], fault: str
) -> None:
    """A child that talks nonsense, leaves, takes nothing or has no PortAudio: the reason is told, nothing waits."""
    code, state, reason = FAULTS[fault]
    player = play(command=(sys.executable, "-c", f"import sys, time; {code}"))
    eventually(lambda: player.speakers.status.state == state, 20, f"it is {player.speakers.status}")
    assert any(part in player.speakers.status.reason for part in reason.split("|"))
    assert player.slowest < 0.2


def test_without_portaudio_it_says_what_to_install(tmp_path: Path, play: Callable[..., Any], eventually: Any) -> None:
    """Where the library is missing, somebody has to install it, and the output says which."""
    (tmp_path / "sounddevice.py").write_text("raise OSError('PortAudio library not found')")
    run = "from latentfm.soundcard.child import main; main(sys.argv[1:])"
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {run}"
    speakers = play(command=(sys.executable, "-c", code)).speakers
    eventually(lambda: speakers.status.state == "refused", 15, "it was not refused")
    assert "install libportaudio2" in (speakers.status.reason or "")


def test_the_child_dies_with_its_parent(sound_server: SoundServer, eventually: Callable[..., None]) -> None:
    """A station that is killed leaves no sound behind."""
    code = f"""
import os, subprocess, sys
child = subprocess.Popen({CHILD!r} + (f"--parent={{os.getpid()}}", "--device={DEVICE}"), stdin=subprocess.PIPE,
    stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
input()
"""
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert Path(f"/proc/{child}").exists()
        parent.kill()
    eventually(lambda: state_of(child) in {None, "Z"}, 5, "the child is still there")


def test_the_child_loads_little() -> None:
    """It brings the card's library and numpy, and nothing of the station's."""
    code = (
        "import sys, latentfm.soundcard.child, latentfm.soundcard.buffer\n"
        "heavy = {'scipy', 'structlog', 'pydantic', 'soundfile', 'lameenc', 'latentfm.broadcast'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30, env=child_environment())


def children() -> list[int]:
    """Return the processes that this one started and that still run."""
    listed = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    numbers = [int(number) for threads in listed for number in threads.read_text().split()]
    return [number for number in numbers if b"soundcard" in Path(f"/proc/{number}/cmdline").read_bytes()]


def state_of(process: int) -> str | None:
    """Return a process's state as the kernel tells it, None if there is no such process."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return None
