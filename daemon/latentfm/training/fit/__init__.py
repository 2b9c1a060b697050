"""Training: the loop that all networks share, and what each kind adds to it."""
