"""Checkpoints as Magenta publishes them: read and written."""
