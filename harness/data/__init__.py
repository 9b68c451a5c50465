"""Ratings from files, releases and the generator; the ladder of subsamples and the holdout."""
