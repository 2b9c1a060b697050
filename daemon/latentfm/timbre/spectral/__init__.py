"""The spectral engine: notes as harmonics and noise over time, encoded by a small network, added up again."""
