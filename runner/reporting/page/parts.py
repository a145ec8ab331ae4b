"""What pages are put together from: tables, lists of facts, texts as they stand in a log."""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import islice

from runner.errors import ExitCode
from runner.reporting.page.limits import LONGEST_NAME, LONGEST_REASON, LONGEST_TEXT, MOST_TEXTS
from runner.reporting.page.markup import Markup, element, joined
from runner.text import shortened

_MARKS = {"green": "\N{HEAVY CHECK MARK}", "red": "\N{HEAVY BALLOT X}", "amber": "!"}
# Told by its colour too, but never by that alone.
_AMBER = frozenset({ExitCode.NOT_PROVEN, *(128 + signum for signum in (1, 2, 15))})


def badge(words: str, *exit_codes: int) -> Markup:
    """Show a verdict, or that of several runs together, with a mark and a colour: the worst of them."""
    colours = {"green" if code == ExitCode.PASSED else "amber" if code in _AMBER else "red" for code in exit_codes}
    colour = next(colour for colour in ("red", "amber", "green") if colour in colours)
    mark = element("span", _MARKS[colour], aria_hidden="true")
    return element("span", mark, " ", words, class_=f"badge {colour}")


def table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int] = ()) -> Markup:
    """Make a table whose first column names the rows; it scrolls by itself where the screen is narrow.

    `numbers`: the columns that are aligned to the right.
    """
    kinds = [{"class_": "number"} if at in numbers else {} for at in range(len(heads))]
    head = element("tr", *(element("th", name, scope="col", **kind) for name, kind in zip(heads, kinds, strict=True)))
    body = [
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", cell, **kind) for cell, kind in zip(row[1:], kinds[1:], strict=True)),
        )
        for row in rows
    ]
    content = element("table", element("caption", caption), element("thead", head), element("tbody", *body))
    return element("div", content, class_="scrolls", tabindex="0", role="region", aria_label=caption)


def facts(pairs: Mapping[str, str]) -> Markup:
    """List facts by their names."""
    shown = [(name, shortened(value, LONGEST_TEXT)) for name, value in islice(pairs.items(), MOST_TEXTS)]
    more = len(pairs) - len(shown)
    left_out = [element("p", f"... and {more} more in the log")] if more > 0 else []
    told = element("dl", *(element("div", element("dt", name), element("dd", value)) for name, value in shown))
    return joined(told, *left_out)


def preformatted(lines: Sequence[str]) -> Markup:
    """Show lines as they stand in a log."""
    return element("pre", shortened("\n".join(lines), LONGEST_TEXT))


def folded(title: str, lines: Sequence[str]) -> Markup:
    """Show lines to whoever opens them."""
    return element("details", element("summary", title), preformatted(lines))


def listed(title: str, texts: Sequence[str], level: int, kind: str = "") -> list[Markup]:
    """Show texts, each of one line or several, below a title; nothing where there are none."""
    if not texts:
        return []
    items = [element("li", shortened(text, LONGEST_REASON)) for text in texts[:MOST_TEXTS]]
    more = len(texts) - len(items)
    items += [element("li", f"... and {more} more in the log")] if more > 0 else []
    return [element("section", heading(title, level), element("ul", *items), class_=f"texts {kind}".strip())]


def breakable(name: str) -> Markup:
    """Show a name that may be long, with the places where a narrow screen may break it."""
    parts = re.split(r"(?<=[._/])(?=[^._/])(?!(?:py|js)$)", shortened(name, LONGEST_NAME))
    return joined(parts[0], *(joined(element("wbr"), part) for part in parts[1:]))


def heading(words: str, level: int, **attributes: str) -> Markup:
    """Make a heading."""
    return element(f"h{level}", words, **attributes)


def section(title: str, level: int, *content: str) -> Markup:
    """Put content below a title."""
    return element("section", heading(title, level), *content)
