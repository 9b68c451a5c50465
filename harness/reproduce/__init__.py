"""Published experiments: what they say, how they are tried again, and what came of it."""
