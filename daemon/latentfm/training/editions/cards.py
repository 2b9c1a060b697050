"""Model cards: what ships says where it came from, how it was made and how good it is."""

from __future__ import annotations

from latentfm.models.card import Card

_MEANING = {
    "accuracy": "steps rebuilt without teacher forcing",
    "hold_accuracy": "always holding (drums: silence) scores",
    "onset_f1": "onsets rebuilt, F1 (right label at the right step)",
    "hold_onset_f1": "always holding scores",
    "exact": "windows rebuilt exactly",
    "kl": "KL of the code, nats",
    "perplexity": "perplexity of an event",
    "unigram_perplexity": "a unigram's",
    "bigram_perplexity": "a bigram's",
    "sample_notes_per_bar": "notes a bar, samples from the prior",
    "corpus_notes_per_bar": "notes a bar, held-out tunes",
    "sample_in_key": "notes in the window's best key, samples",
    "corpus_in_key": "notes in the window's best key, held-out tunes",
    "sample_interval_js": "Jensen-Shannon of intervals, samples to held-out tunes",
    "halves_interval_js": "the same between two halves of the held-out tunes",
    "sample_hits_per_bar": "strokes a bar, samples from the prior",
    "corpus_hits_per_bar": "strokes a bar, held-out patterns",
    "sample_stroke_js": "Jensen-Shannon of strokes by drum and place, samples to held-out patterns",
    "halves_stroke_js": "the same between two halves of the held-out patterns",
}


def model_card(card: Card, size: int) -> str:
    """Write a card as Markdown; ``size`` is the playable's in bytes."""
    made, facts = card.provenance, card.model.model_dump(exclude={"kind"})
    lines = [
        f"# {card.name}",
        "",
        card.description,
        "",
        f"- Configuration: Magenta's `{card.config}`, metre {card.metre}.",
        f"- Sizes: {card.parameters / 1e6:.2f} M parameters, {size / 1e6:.1f} MB (float16 on disk, float32 in use).",
        f"- Licence of the weights: {card.licence}.",
        f"- Trained: {made['steps']} of {made['scheduled_steps']} scheduled steps.",
        f"- Batches of {made['batch_size']}, seed {made['seed']}.",
        f"- SHA-256: `{card.sha256}`",
        "",
        "## Sources",
        "",
        *(f"- {source}" for source in made["sources"]),
        "",
        f"Data: {made['data']}",
        "",
        "## Figures",
        "",
        "Measured with the file that ships, on pieces that it did not learn from.",
        "",
        "| figure | value |",
        "|---|---|",
        *(f"| {_MEANING.get(name, name)} | {value:.3f} |" for name, value in made["figures"].items()),
        "",
        "## What the numbers in the JSON mean to the engine",
        "",
        *(f"- `{name}`: {value}" for name, value in facts.items()),
        "",
    ]
    return "\n".join(lines)
