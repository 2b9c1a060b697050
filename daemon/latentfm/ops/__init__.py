"""Logs, clock, systemd: what the station needs from the machine it runs on."""
