"""note-seq without its notebook tools."""

from __future__ import annotations

import subprocess
import sys

LIGHT = """
import sys
from latentfm.noteseq import NoteSequence, midi_io
sequence = NoteSequence(ticks_per_quarter=220)
sequence.tempos.add(qpm=90)
sequence.notes.add(pitch=60, velocity=80, start_time=0, end_time=1)
assert midi_io.note_sequence_to_pretty_midi(sequence).instruments[0].notes[0].pitch == 60
heavy = {"IPython", "bokeh", "pandas", "librosa"} & set(sys.modules)
assert not heavy, heavy
import note_seq
assert note_seq.NoteSequence is NoteSequence
assert note_seq.quantize_note_sequence(sequence, 4).total_quantized_steps == 6
"""


def test_the_notebook_tools_stay_out() -> None:
    """What the station uses works without them, and the whole package can still be had afterwards."""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", LIGHT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
