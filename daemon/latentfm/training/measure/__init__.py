"""Figures of what was trained: measured on the playable, on music that it did not learn from."""
