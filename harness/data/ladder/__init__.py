"""Nested subsamples, each split into training and test ratings."""
