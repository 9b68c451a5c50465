"""Libraries that people use, each a contestant under its own model. None is imported with it."""
