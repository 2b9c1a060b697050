"""The errors of the station: one base class, one subclass for each subsystem.

A message says what is wrong, where, and what to do about it. The command line prints it as it is and
ends with the class's ``exit_status``.
"""

import errno
from typing import Literal


def reason(fault: OSError) -> str:
    """Say in a few words why something could not be written."""
    full = fault.errno in (errno.ENOSPC, errno.EDQUOT)
    return "the disk is full" if full else fault.strerror or str(fault) or type(fault).__name__


class LatentFMError(Exception):
    """Anything the station can explain to whoever runs it."""

    exit_status = 1


class ConfigError(LatentFMError):
    """A configuration or a playlist that can't be used; the message lists every fault found."""

    exit_status = 2


class ModelError(LatentFMError):
    """A playable or a checkpoint that is missing, damaged or of another kind than asked for."""


class UnwrittenModelError(ModelError):
    """A playable that could not be made for want of room; what it was to be made of is as good as before."""


class MidiError(LatentFMError):
    """A MIDI file that can't serve as what it was named for."""


class SoundFontError(LatentFMError):
    """A SoundFont that is missing or is not one."""


class ComposeError(LatentFMError):
    """A brief from which no section could be composed."""


class RenderError(LatentFMError):
    """A section that could not be turned into audio."""


class TimbreError(LatentFMError):
    """A sound can't be made into an instrument, or an engine of timbres can't do what it is asked."""


Rejection = Literal["form", "not_a_number", "clipping", "silence", "true_peak", "loudness", "repeat", "other"]


class GateError(LatentFMError):
    """A take that must not air; the message is the reason, ``kind`` what sort of one it is."""

    def __init__(self, reason: str, kind: Rejection = "other") -> None:
        super().__init__(reason)
        self.kind = kind


class StudioError(LatentFMError):
    """A studio that could not turn a brief into a take."""


class BankError(LatentFMError):
    """A take on disk that can't be written or read back."""


class HistoryError(LatentFMError):
    """A history that can't be read, or that does not hold what was asked for."""


class OutputError(LatentFMError):
    """An output that refuses, stalls or can't be reached."""


class ControlError(LatentFMError):
    """Something that the running station was asked for and can't do, or no station that could be asked."""


class MonitorError(LatentFMError):
    """A stream that can't be listened to, or that gives nothing to hear."""


class ReportError(LatentFMError):
    """A report that can't be made or written."""


class TrainingError(LatentFMError):
    """A data set or a training that can't go on."""
