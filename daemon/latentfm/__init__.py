"""Latent FM: a generative radio station in a box."""

__version__ = "0.1.0"
