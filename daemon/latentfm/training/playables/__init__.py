"""Checkpoints become playables: LiteRT files whose signatures are steps."""
