"""A stand-in of the shape of MovieLens 32M, from a seed."""
