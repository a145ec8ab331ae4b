"""HTML that cannot be forged: text is escaped wherever it stands, and only `element` makes what is not."""

import html

from runner.foreign_text import visible

# They have no end: https://html.spec.whatwg.org/multipage/syntax.html#void-elements
_VOID = frozenset({"img", "link", "meta", "wbr"})


class Markup(str):
    """A text that is HTML. `element`, `joined` and `text` make it; to make it of anything else is to vouch for that."""

    __slots__ = ()


def text(content: str) -> Markup:
    """Escape a text, whoever wrote it; what would do more than show (controls, marks of direction) is written out."""
    return Markup(html.escape(visible(content)))


def joined(*content: str) -> Markup:
    """Put parts one after another; those that are no Markup are escaped."""
    return Markup("".join(part if isinstance(part, Markup) else text(part) for part in content))


def element(name: str, /, *content: str, **attributes: str) -> Markup:
    """Make an element. Attributes are escaped too; `_` in their names stands for `-`, and falls away at the end (`class_`)."""
    words = "".join(f' {key.rstrip("_").replace("_", "-")}="{text(value)}"' for key, value in attributes.items())
    start = f"<{name}{words}>"
    return Markup(start) if name in _VOID else Markup(f"{start}{joined(*content)}</{name}>")
