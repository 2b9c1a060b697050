"""Which devices there are, and which of them a configuration means."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from latentfm import cli
from latentfm.check import check
from latentfm.errors import OutputError
from latentfm.soundcard.choice import choose
from latentfm.soundcard.listing import list_devices
from latentfm.soundcard.protocol import Device, Failed, Opened, Report, encode, parse
from sound_server import DEVICE, SoundServer

CARDS = [
    Device(0, "HDA Intel PCH: ALC256 (hw:0,0)", "ALSA", 2, 48_000),
    Device(3, "USB Audio CODEC: - (hw:1,0)", "ALSA", 2, 44_100),
    Device(4, "USB Audio", "ALSA", 8, 48_000),
    Device(7, "default", "ALSA", 32, 48_000, (), True),
]


@pytest.mark.parametrize(
    ("wanted", "number"), [("default", 7), ("4", 4), ("usb audio", 4), ("CODEC", 3), ("hw:0,0", 0), ("USB", 3)]
)
def test_a_device_is_found_by_number_or_name(wanted: str, number: int) -> None:
    """A name goes before part of a name, in any case; of several the first is taken."""
    assert choose(wanted, CARDS).number == number


def test_what_is_not_there_is_explained() -> None:
    """The error names what there is, or where to look when there is nothing."""
    with pytest.raises(OutputError, match=r"it is not there; there are: 'HDA Intel"):
        choose("Scarlett", CARDS)
    with pytest.raises(OutputError, match=r"group audio.*docs/speakers\.md"):
        choose("default", [])
    assert choose("default", CARDS[:1]).number == 0


@pytest.mark.parametrize("message", [*CARDS, Opened("x", 48_000, 0.1), Report(1.0, -3.5, 0, 2), Failed("so", True)])
def test_messages_cross_the_pipe(message: Device) -> None:
    """What the child says is read back as it was said."""
    back = parse(encode(message).strip())
    assert back == message or (isinstance(back, Device) and list(message.rates) == list(back.rates))


@pytest.mark.parametrize("line", [b"", b"hello", b"[]", b"{}", b'{"kind": "report"}', b'{"kind": "x", "fill": 1}'])
def test_what_is_no_message_is_an_error(line: bytes) -> None:
    """A library that prints into the pipe is noticed."""
    with pytest.raises(OutputError, match="what nobody understands"):
        parse(line)


def test_the_devices_of_a_real_server(sound_server: SoundServer) -> None:
    """PortAudio tells what can be played on, and at which rates."""
    found = {device.name: device for device in list_devices()}
    assert set(found) == {DEVICE, "default"}
    assert found["default"].default
    assert 48_000 in found[DEVICE].rates
    assert found[DEVICE].channels >= 2


def test_a_portaudio_that_crashes_or_is_missing_is_explained() -> None:
    """The command line survives what PortAudio does not."""
    crash = "import os; os.abort()"
    with pytest.raises(OutputError, match="status -6"):
        list_devices((sys.executable, "-c", crash))
    missing = """print('{"kind": "failed", "reason": "install it", "refused": true}')"""
    with pytest.raises(OutputError, match="install it"):
        list_devices((sys.executable, "-c", missing))


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Call the command line; return its exit status."""
    monkeypatch.setattr(sys, "argv", ["latentfm", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


def test_the_command_lists_them(
    sound_server: SoundServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`latentfm devices` shows number, name and what each can do, and says so where there is none."""
    assert call(monkeypatch, "devices") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(DEVICE in line and "48" in line for line in lines)
    assert any("default" in line for line in lines)
    sound_server.kill()
    assert call(monkeypatch, "devices") == 1
    assert "there is no sound card" in capsys.readouterr().out


def test_check_warns_of_a_card_that_is_not_there(sound_server: SoundServer, tmp_path: Path) -> None:
    """It is no fault: the card may be plugged in later."""
    config = tmp_path / "config.toml"

    def warnings(device: str) -> list[str]:
        config.write_text(f'[station]\nstate_dir = "state"\n[[outputs]]\ntype = "soundcard"\ndevice = "{device}"\n')
        return [line for line in check(config, {}).warnings if "outputs[0]" in line]

    (line,) = warnings("Scarlett")
    assert "outputs[0].device = 'Scarlett': it is not there; there are: 'speakers', 'default'" in line
    assert not warnings(DEVICE)
