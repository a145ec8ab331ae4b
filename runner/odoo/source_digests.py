"""The files of modules as lines of a proof log, a digest each, such as `sha256sum` writes them."""

from collections.abc import Iterator, Mapping

from runner.odoo.source_tree import Tree
from runner.text import printable

# In the place of a digest.
UNREADABLE = "not readable"


def digest_lines(trees: Mapping[str, Tree]) -> list[str]:
    """Return a line for each file of these modules, by their folders: its digest, or why there is none, and its path."""
    return [line for folder, tree in sorted(trees.items()) for line in _lines(folder.rpartition("/")[2], tree)]


def is_digest_line(line: str) -> bool:
    """Tell such a line from a fact that stands above it."""
    said, gap, _ = line.partition("  ")
    return bool(gap) and ":" not in said


def path_in(line: str) -> str:
    """Return the path that a line is of: the module's name, and where in it."""
    return line.partition("  ")[2]


def _lines(module: str, tree: Tree) -> Iterator[str]:
    entries = {**tree.entries, **dict.fromkeys(tree.unreadable, UNREADABLE)}
    for name, entry in sorted(entries.items()):
        yield f"{entry}  {printable(f'{module}/{name}' if name else module)}"
