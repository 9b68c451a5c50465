"""Measurements beside the ladder: profiles and races, each a command (`python -m scripts.NAME`)."""
