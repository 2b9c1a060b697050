"""Data sets: files become NoteSequences, and these the examples that a network learns from."""
