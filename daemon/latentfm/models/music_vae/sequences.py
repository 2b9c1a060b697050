"""MusicVAE's models from NoteSequence to NoteSequence: a file's first window, and windows one after another."""

from __future__ import annotations

from latentfm.errors import ModelError
from latentfm.models.events import Labels
from latentfm.models.music_vae.converters import converter_of_model
from latentfm.models.music_vae.converters.base import QPM, STEPS_PER_QUARTER
from latentfm.models.music_vae.facts import VaeFacts
from latentfm.noteseq import NoteSequence, constants

_WHOLE = 4 * STEPS_PER_QUARTER  # steps of a whole note
_WANTED = {
    "melody": "a melody",
    "drums": "drums on MIDI channel 10",
    "trio": "a melody (MIDI programs 1 to 32), a bass (33 to 40) and drums together",
}


def first_window(facts: VaeFacts, sequence: NoteSequence) -> Labels:
    """Return the window that begins first, of the first instrument that has one.

    Args:
        facts: of the model that is to read it.
        sequence: of any tempo; it stays as it is.

    Returns:
        Labels int16 ``[steps]``, of a trio ``[steps, 3]``.

    Raises:
        ModelError: no stretch of it suits the model: it is in another metre, too short, or lacks a part.
    """
    window = converter_of_model(facts).first(sequence)
    if window is not None:
        return window
    for metre in sequence.time_signatures:
        if _WHOLE * metre.numerator != facts.steps_per_bar * metre.denominator:
            raise ModelError(
                f"is in {metre.numerator}/{metre.denominator}; the model knows bars of {facts.steps_per_bar} sixteenths"
            )
    raise ModelError(
        f"has no {facts.bars} bars in a row of {_WANTED[facts.representation]}; the model knows windows of that length"
    )


def written(facts: VaeFacts, windows: Labels, like: NoteSequence) -> NoteSequence:
    """Write windows one after another, in the tempo and metre that another sequence begins with.

    Args:
        facts: of the model that drew them.
        windows: labels ``[n, steps]``, of trios ``[n, steps, 3]``.
        like: the other sequence.
    """
    converter = converter_of_model(facts)
    qpm = like.tempos[0].qpm if like.tempos else QPM
    seconds = facts.steps / STEPS_PER_QUARTER * 60.0 / qpm
    whole = NoteSequence(ticks_per_quarter=constants.STANDARD_PPQ, total_time=len(windows) * seconds)
    whole.tempos.add(qpm=qpm)
    whole.time_signatures.extend(like.time_signatures[:1])
    for number, labels in enumerate(windows):
        for note in converter.sequence(labels).notes:
            placed = whole.notes.add()
            placed.CopyFrom(note)
            placed.start_time = number * seconds + note.start_time * QPM / qpm
            placed.end_time = number * seconds + note.end_time * QPM / qpm
    return whole
