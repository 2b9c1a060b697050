"""PortAudio, as the child uses it: listing devices and opening one. Only the child imports this."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import sounddevice

from latentfm.audio.pcm import CHANNELS, SAMPLE_RATE
from latentfm.errors import OutputError
from latentfm.soundcard.protocol import Device

PortAudioError = sounddevice.PortAudioError

_RATES = (SAMPLE_RATE, 44_100, 96_000, 192_000, 32_000)  # Hz, in the order in which they are tried


def devices(*, tried: bool) -> list[Device]:
    """Return the devices that can play; ``tried`` for the rates that they accept, which takes a while."""
    entries = [entry for entry in sounddevice.query_devices() if entry["max_output_channels"] > 0]
    return [_describe(entry, _default(), tried=tried) for entry in entries]


def open_stream(device: Device, channels: Sequence[int], latency: float) -> Any:
    """Open a device at the first rate and number of channels that it accepts, and start it.

    Args:
        device: the device.
        channels: the channels that are asked for, numbered from 1; more may be opened.
        latency: seconds that the card is to hold itself.

    Raises:
        OutputError: it accepts none.
    """
    most, last = device.channels, max(channels)
    if last > max(most, 2):
        raise OutputError(f"'{device.name}' has {most} channels, and `channels` asks for number {last}")
    counts = dict.fromkeys((min(last, most), min(max(2, last), most), most))
    rates = dict.fromkeys((SAMPLE_RATE, device.rate, *_RATES))
    faults = []
    for count, rate in itertools.product(counts, rates):
        try:
            stream = sounddevice.OutputStream(
                device=device.number, samplerate=rate, channels=count, dtype="float32", latency=latency
            )
            stream.start()
        except PortAudioError as error:
            faults.append(error)
        else:
            return stream
    raise OutputError(f"'{device.name}' can't be opened: {explain(faults[0])}")


def explain(error: sounddevice.PortAudioError) -> str:
    """Return what PortAudio says, and what the system below it said, where it did."""
    message, *rest = error.args
    host = rest[1][2] if len(rest) > 1 else ""
    return f"{message}: {host}" if host else str(message)


def _default() -> int:
    try:
        number: int = sounddevice.query_devices(kind="output")["index"]
    except PortAudioError:
        return -1
    return number


def _describe(entry: dict[str, Any], default: int, *, tried: bool) -> Device:
    number, channels = entry["index"], entry["max_output_channels"]
    return Device(
        number,
        entry["name"],
        sounddevice.query_hostapis(entry["hostapi"])["name"],
        channels,
        round(entry["default_samplerate"]),
        tuple(rate for rate in sorted(_RATES) if tried and _accepts(number, rate, min(channels, CHANNELS))),
        number == default,
    )


def _accepts(number: int, rate: int, channels: int) -> bool:
    try:
        sounddevice.check_output_settings(number, channels, "float32", samplerate=rate)
    except PortAudioError:
        return False
    return True
