"""Measure the ladder of implementations: speed, parity, and how sure we are of both."""
