"""PCM, loudness, limiter, crossfade, gate: pure functions on arrays."""
