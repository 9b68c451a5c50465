"""What a run writes and reads back: append-only facts."""
