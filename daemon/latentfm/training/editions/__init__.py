"""The models that ship: recipes, data, figures, cards (`make models`)."""
