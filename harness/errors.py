"""What a user did or gave that cannot work: shown as one line, exit status 2."""

import re

# A terminal would obey these, or cannot be given them: they come from titles, names of files and
# anybody's exceptions.
_OBEYED = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class UserError(Exception):
    """Bad usage or bad data. The message is one line: what, where, what to do."""


def visible(text: str) -> str:
    """A text without what a terminal would obey: such characters as Python writes them."""
    return _OBEYED.sub(lambda found: repr(found[0])[1:-1], text)
