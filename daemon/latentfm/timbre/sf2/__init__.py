"""SoundFont 2 files, written from plain values."""
