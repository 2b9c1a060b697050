"""What each figure means, in words, for tables and model cards."""

from __future__ import annotations

from typing import Final

MEANINGS: Final = {
    "accuracy": "steps rebuilt without teacher forcing",
    "hold_accuracy": "always holding (drums: silence) scores",
    "onset_f1": "onsets rebuilt, F1 (right label at the right step)",
    "hold_onset_f1": "always holding scores",
    "exact": "windows rebuilt exactly",
    "kl": "KL of the code, nats",
    "perplexity": "perplexity of an event",
    "unigram_perplexity": "a unigram's",
    "bigram_perplexity": "a bigram's",
    "sample_notes_per_bar": "notes a bar, samples",
    "corpus_notes_per_bar": "notes a bar, held-out music",
    "sample_in_key": "notes in the best key of their window, samples",
    "corpus_in_key": "notes in the best key of their window, held-out music",
    "sample_interval_js": "Jensen-Shannon of intervals, samples to held-out music",
    "halves_interval_js": "the same between two halves of the held-out music",
    "sample_hits_per_bar": "strokes a bar, samples",
    "corpus_hits_per_bar": "strokes a bar, held-out music",
    "sample_stroke_js": "Jensen-Shannon of strokes by drum and place, samples to held-out music",
    "halves_stroke_js": "the same between two halves of the held-out music",
    "unseen_pitches_db": "unseen pitches rebuilt, error in dB (RMS of the levels within 40 dB of a frame's loudest)",
    "unseen_pitches_principal_db": "sixteen principal components do",
    "unseen_pitches_across_db": "the same moment at another pitch, up to ten semitones away",
    "unseen_pitches_mixed_db": "two codes mixed by halves, beside the mean of the two frames' levels",
    "unseen_programs_db": "unseen instruments rebuilt",
    "unseen_programs_principal_db": "sixteen principal components do",
    "unseen_programs_across_db": "the same moment at another pitch",
    "unseen_programs_mixed_db": "two codes mixed by halves",
    "path_monotone": "equal steps of the code between two windows that do not lead back",
    "path_jump": "the largest of them, as a share of the way",
    "path_mean_jump": "the largest of all paths together",
    "walk_monotone": "steps of a walk between two windows that do not lead back",
    "walk_jump": "the largest of them, as a share of the way",
    "walk_mean_jump": "the largest of all walks together",
    "path_even_jump": "what they are when all steps are alike",
}
