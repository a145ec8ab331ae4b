"""Text of others in XML."""

import re

from runner.foreign_text import visible

# Whatever production [2] of XML 1.0 does not name: no escape makes it well-formed.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def legal(text: str) -> str:
    """Write out what does more than show, and replace what XML cannot hold."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", visible(text))
