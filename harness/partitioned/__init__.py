"""Ratings in many files, trained on by the workers of a cluster: no process holds all of them."""
