"""Ratings in the layouts of MovieLens: found, fetched, read, indexed, and written out."""
