"""The page, the stream and the status: what a station shows on its own port."""

from latentfm.web.server import WebOutput
from latentfm.web.status import Status

__all__ = ["Status", "WebOutput"]
