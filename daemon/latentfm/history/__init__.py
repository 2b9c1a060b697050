"""What aired: kept by a recorder while the station runs, and made again from what it kept."""

from latentfm.history.recorder import Recorder
from latentfm.history.shelf import Shelf
from latentfm.history.store import FILE, Retention

__all__ = ["FILE", "Recorder", "Retention", "Shelf"]
