"""What the models that ship learn from: tunes, drum patterns, chorales."""
