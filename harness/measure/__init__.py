"""Measuring: what is planned, the workers that do it, the runner that gives them turns."""
