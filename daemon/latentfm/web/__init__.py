"""The page, the stream and the status: what a station shows on its own port."""

from latentfm.web.control import control_route
from latentfm.web.server import WebOutput
from latentfm.web.status import OnAir, Status, on_air

__all__ = ["OnAir", "Status", "WebOutput", "control_route", "on_air"]
