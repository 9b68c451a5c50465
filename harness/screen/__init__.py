"""What a screen shows: what goes on meanwhile, and what came of it."""
