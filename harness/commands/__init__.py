"""The commands: what each does once its arguments are read."""
