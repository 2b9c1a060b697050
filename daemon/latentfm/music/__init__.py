"""Scales, chords, progressions, form and the figures that are checked: pure functions on the sixteenth grid."""
