"""Control: what may be asked of a running station, over a socket in its runtime folder or by HTTP with a token."""

from latentfm.control.client import ask
from latentfm.control.desk import Desk
from latentfm.control.protocol import Answer, Request, answer_to
from latentfm.control.server import ControlSocket

__all__ = ["Answer", "ControlSocket", "Desk", "Request", "answer_to", "ask"]
