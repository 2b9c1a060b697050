"""The page, the stream and the status: what a station shows on its own port."""

from latentfm.web.server import WebOutput
from latentfm.web.status import OnAir, Status

__all__ = ["OnAir", "Status", "WebOutput"]
