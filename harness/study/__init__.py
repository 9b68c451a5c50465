"""How often verdicts are wrong: trials on equals and on planted slow-downs, and their rates."""
