"""From a brief to a section: the models bring the ideas, form, harmony and orchestration carry them."""

from latentfm.compose.attempts import bounds
from latentfm.compose.composer import compose, compose_with
from latentfm.compose.engine import Players
from latentfm.compose.section import Section

__all__ = ["Players", "Section", "bounds", "compose", "compose_with"]
