"""Which device a configuration means."""

from __future__ import annotations

from collections.abc import Sequence

from latentfm.errors import OutputError
from latentfm.soundcard.protocol import Device

DEFAULT = "default"
NONE = "there is no sound card, or this user may not use /dev/snd (group audio): docs/speakers.md"


def choose(wanted: str, devices: Sequence[Device]) -> Device:
    """Return the device of a number, of a name, of part of a name, or the default one.

    Raises:
        OutputError: there is none now.
    """
    if not devices:
        raise OutputError(NONE)
    if wanted == DEFAULT:
        fitting = [device for device in devices if device.default] or list(devices)
    elif wanted.isdecimal():
        fitting = [device for device in devices if device.number == int(wanted)]
    else:
        name = wanted.casefold()
        fitting = [device for device in devices if name in device.name.casefold()]
        fitting.sort(key=lambda device: device.name.casefold() != name)  # the very name goes first
    if not fitting:
        raise OutputError(f"it is not there; there are: {', '.join(repr(device.name) for device in devices)}")
    return fitting[0]
