"""Magenta's models, played by LiteRT: steps are LiteRT signatures, the loops around them are numpy."""
