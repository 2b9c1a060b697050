"""Section to audio, with FluidSynth: SoundFonts, levels, rendering, mastering."""
