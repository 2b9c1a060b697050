"""Instruments that do not exist: sounds are encoded, their codes mixed, and the mixture is synthesized."""
