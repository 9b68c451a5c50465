"""Suites for asv (`asv run`). They import nothing but what asv installs: the package as built."""
