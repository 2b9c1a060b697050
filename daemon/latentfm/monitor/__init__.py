"""``latentfm monitor``: a listener that tells when something is wrong with what it hears."""

from latentfm.monitor.judge import Fault, Limits
from latentfm.monitor.listener import listen

__all__ = ["Fault", "Limits", "listen"]
