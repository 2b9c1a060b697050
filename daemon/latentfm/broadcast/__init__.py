"""Timeline, feeds and outputs: from the bank to the listener."""

from latentfm.broadcast.block import Sink
from latentfm.broadcast.broadcast import Broadcast
from latentfm.broadcast.director import NextSeam
from latentfm.broadcast.fallback import STEADY
from latentfm.broadcast.feeds import Feed
from latentfm.broadcast.health import Pulse
from latentfm.broadcast.icecast import IcecastOutput
from latentfm.broadcast.icecast_wire import Target
from latentfm.broadcast.library import Library, Shipped, load_shipped
from latentfm.broadcast.outputs import Output, OutputStatus, stop_together
from latentfm.broadcast.secret import Secret, read_secret
from latentfm.broadcast.tone_bed import Beds

__all__ = [
    "STEADY",
    "Beds",
    "Broadcast",
    "Feed",
    "IcecastOutput",
    "Library",
    "NextSeam",
    "Output",
    "OutputStatus",
    "Pulse",
    "Secret",
    "Shipped",
    "Sink",
    "Target",
    "load_shipped",
    "read_secret",
    "stop_together",
]
