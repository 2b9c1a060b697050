"""The studio: what turns briefs into takes, in a process of its own."""

from latentfm.studio.supervisor import ChildStudio, Studio

__all__ = ["ChildStudio", "Studio"]
