"""Verdicts, computed from the facts in a log: parity, speedup, projection."""
