"""What a user did or gave that cannot work: shown as one line, exit status 2."""


class UserError(Exception):
    """Bad usage or bad data. The message is one line: what, where, what to do."""
