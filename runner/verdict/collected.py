"""Which files of a module's `tests` folder Odoo looks at, read from the import statements. Pure but for reading files.

Odoo takes the modules that `tests` has as attributes when it is imported: what is bound in tests/__init__.py, and every
file right below `tests` that was imported by whatever file, since Python then sets the attribute itself.
"""

import ast
from collections.abc import Iterator
from pathlib import Path


def parse(file: Path) -> ast.Module:
    """The syntax tree of a file; an empty one for what is no valid Python: Odoo will say so."""
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError, RecursionError):
        return ast.Module(body=[], type_ignores=[])


def collected_files(tests: Path) -> frozenset[str]:
    """The names, dotted below `tests`, of what `tests` has as attributes: `test_a`, `common`, `deep`, `deep.test_b`."""
    bound: dict[str, set[str]] = {}
    waiting = [""]
    while waiting:
        name = waiting.pop()
        if name not in bound:
            bound[name] = set()
            for target, alias in _imports(tests, name):
                bound[name] |= {_below(target, alias)} if alias else set()
                waiting += [*_parents(target), _below(target, alias)]
    # Only the import of a file sets it as an attribute; a name that is none (a class) is harmless.
    right_below = {name for name in bound if name and "." not in name}
    return frozenset(right_below | _bound_in(bound, "", set()))


def _bound_in(bound: dict[str, set[str]], name: str, seen: set[str]) -> set[str]:
    """What a package binds, and with a star the attributes of others: what they bind and what was imported below them."""
    if name in seen:
        return set()
    seen.add(name)
    found: set[str] = set()
    for each in bound.get(name, set()):
        other, star, _ = each.partition("*")
        if star:
            other = other.rstrip(".")
            below = {deep for deep in bound if deep.rpartition(".")[0] == other and deep != other}
            found |= _bound_in(bound, other, seen) | below
        else:
            found.add(each)
    return found


def _imports(tests: Path, name: str) -> Iterator[tuple[str, str]]:
    """What the file or package `name` imports from `tests`: the target, and the name taken from it, empty for `import x`."""
    path = tests.joinpath(*name.split(".")) if name else tests
    package = path.is_dir()
    for node in ast.walk(parse(path / "__init__.py" if package else path.with_suffix(".py"))):
        if isinstance(node, ast.ImportFrom):
            target = _target(node, name, package)
            if target is not None:
                yield from ((target, alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if ".tests." in alias.name:
                    yield alias.name.partition(".tests.")[2], ""


def _target(node: ast.ImportFrom, name: str, package: bool) -> str | None:
    """The dotted name below `tests` from which a statement in `name` imports, None if it is elsewhere."""
    if not node.level:
        whole = f"{node.module}."
        return whole.partition(".tests.")[2].rstrip(".") if ".tests." in whole else None
    parts = name.split(".") if name else []
    up = node.level - 1 if package else node.level
    if up > len(parts):
        return None
    return ".".join([*parts[: len(parts) - up], *([node.module] if node.module else [])])


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


def _below(target: str, name: str) -> str:
    return ".".join(part for part in (target, name) if part)
