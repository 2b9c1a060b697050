"""Model cards: what ships says where it came from, how it was made and how good it is."""

from __future__ import annotations

from latentfm.models.card import Card
from latentfm.models.spectral import SpectralFacts
from latentfm.training.measure.meanings import MEANINGS


def model_card(card: Card, size: int) -> str:
    """Write a card as Markdown; ``size`` is the playable's in bytes."""
    made, facts = card.provenance, card.model.model_dump(exclude={"kind"})
    lines = [
        f"# {card.name}",
        "",
        card.description,
        "",
        f"- Configuration: {_configuration(card)}.",
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
        f"Measured with the file that ships, on {_unseen(card)} that it did not learn from.",
        "",
        "| figure | value |",
        "|---|---|",
        *(f"| {MEANINGS.get(name, name)} | {value:.3f} |" for name, value in made["figures"].items()),
        "",
        "## What the numbers in the JSON mean to the engine",
        "",
        *(f"- `{name}`: {value}" for name, value in facts.items()),
        "",
    ]
    return "\n".join(lines)


def _configuration(card: Card) -> str:
    if isinstance(card.model, SpectralFacts):
        return "our own; Magenta has no such model"
    return f"Magenta's `{card.config}`, metre {card.metre}"


def _unseen(card: Card) -> str:
    return "notes" if isinstance(card.model, SpectralFacts) else "pieces"
