"""The bank: the takes on disk, published whole, read back with suspicion."""

from latentfm.bank.aired import Aired
from latentfm.bank.bank import Bank
from latentfm.bank.files import replace_file
from latentfm.bank.folder import AUDIO, DOCUMENT, MIDI, Take, TakeReader, read_take, write_take
from latentfm.bank.room import Quota, free_bytes

__all__ = [
    "AUDIO",
    "DOCUMENT",
    "MIDI",
    "Aired",
    "Bank",
    "Quota",
    "Take",
    "TakeReader",
    "free_bytes",
    "read_take",
    "replace_file",
    "write_take",
]
