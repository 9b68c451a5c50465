"""Suites for asv (`asv run`) and pytest-benchmark (`make bench`)."""
