"""Whether a module has no test that Odoo could find, whatever is run: told by its sources alone, and only where it is certain.

Odoo collects the modules that the package `tests` has as attributes of a name `test_...` once it was imported, and files below
`migrations/tests` and `upgrades/tests`. Whatever runs while Python imports a file may make tests that nobody can read there:
so it is certain only of files that do nothing but define and import.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from runner.odoo.addons import MANIFEST
from runner.odoo.source_file import UnreadableSource, parse_source, read_source, source_files
from runner.verdict.inheritance import CASES_WITHOUT_TESTS

_PREFIX = "test_"
# What can put a module or an attribute into `tests` from elsewhere.
_FROM_ELSEWHERE = re.compile(rb"\btests\b|\b__path__\b|\bsys\s*\.\s*modules\b|\bimportlib\b")
_COMPILED = (".so", ".pyd", ".pyc")


class _Unclear(Exception):
    """Nobody can tell without running it."""


def has_certainly_no_tests(module: Path) -> bool:
    """Tell whether Odoo 14 to 19 would find no test in this folder of a module. False also where it cannot be told."""
    try:
        _check_places(module)
        if (module / "tests" / "__init__.py").exists():
            _check_files(dict(_imported(module)))
    except (_Unclear, UnreadableSource, SyntaxError, OSError):
        return False
    return True


def _check_places(module: Path) -> None:
    """Check that nothing but `tests/__init__.py` and what that imports can bring tests."""
    folder = module / "tests"
    _check(not any((module / name / "tests").exists() for name in ("migrations", "upgrades")))
    _check(not any(path.name.startswith("tests.") for path in module.iterdir()))
    for file in source_files(module, module, ".py"):
        if not file.is_relative_to(folder) and file != module / MANIFEST:
            _check(not _FROM_ELSEWHERE.search(read_source(file, module)))
    if folder.is_dir():
        _check(all("__pycache__" in file.parts for file in source_files(folder, module, *_COMPILED)))


def _imported(module: Path) -> Iterator[tuple[str, ast.Module]]:
    """Read what Python imports with `tests`, each by its name, dotted below it, and that of what it is bound to."""
    waiting = [""]
    seen = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            file = _file_of(name, module)
            tree = parse_source(read_source(file, module))
            yield name, tree
            waiting += _siblings(tree, name, file.name == "__init__.py", module)


def _file_of(name: str, module: Path) -> Path:
    """Find the file of a name below `tests`, as Python does. _Unclear where there is none."""
    path = module.joinpath("tests", *filter(None, name.split(".")))
    for file in (path / "__init__.py", *([path.with_name(f"{path.name}.py")] if name else [])):
        if file.is_file():
            return file
    raise _Unclear


def _siblings(tree: ast.Module, name: str, is_package: bool, module: Path) -> Iterator[str]:
    """Name the files below `tests` that this one imports. _Unclear for an import of which nobody knows what it brings."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                _check_foreign(alias.name, alias.asname or alias.name)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                _check_foreign(f"{node.module}.{alias.name}", alias.asname or alias.name)
        elif isinstance(node, ast.ImportFrom):
            parts = name.split(".") if name else []
            up = node.level - 1 if is_package else node.level
            if up > len(parts):
                raise _Unclear
            package = [*parts[: len(parts) - up], *(node.module or "").split(".")]
            target = ".".join(filter(None, package))
            steps = target.split(".")
            yield from (".".join(steps[: at + 1]) for at in range(len(steps) if target else 0))
            for alias in node.names:
                within = f"{target}.{alias.name}".lstrip(".")
                try:
                    _file_of(within, module)
                except _Unclear:
                    if not node.module or (alias.asname or "").startswith(_PREFIX):
                        raise
                else:
                    if (alias.asname or "").startswith(_PREFIX):
                        raise _Unclear
                    yield within


def _check_foreign(name: str, bound: str) -> None:
    """Check what comes from beyond the module: nothing of Odoo or Python brings tests, but what has their name might."""
    first, second, *_ = [*name.split("."), ""]
    is_known = (first == "odoo" and second != "addons") or first in sys.stdlib_module_names
    if not is_known or bound.rpartition(".")[2].startswith(_PREFIX):
        raise _Unclear


def _check_files(files: dict[str, ast.Module]) -> None:
    """Check that these files hold no tests for Odoo, and do nothing but define and import."""
    classes = {node.name for tree in files.values() for node in tree.body if isinstance(node, ast.ClassDef)}
    # A file whose name does not begin so is no test file, whatever it holds.
    are_test_files = any(name.rpartition(".")[2].startswith(_PREFIX) for name in files)
    for tree in files.values():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                _check_class(node, classes, tests_matter=are_test_files)
            elif isinstance(node, ast.FunctionDef):
                _check(not node.decorator_list and not node.name.startswith("__"))
            else:
                _check_statement(node)


def _check_class(node: ast.ClassDef, classes: set[str], *, tests_matter: bool) -> None:
    _check(not node.keywords and all(_last(decorator) == "tagged" for decorator in node.decorator_list))
    _check(all(_last(base) in CASES_WITHOUT_TESTS | classes | {"object"} for base in node.bases))
    for part in node.body:
        if isinstance(part, ast.FunctionDef):
            _check(not part.name.startswith("__") and not (tests_matter and part.name.startswith("test")))
            _check(all(_last(decorator) in ("classmethod", "staticmethod", "property") for decorator in part.decorator_list))
        else:
            names = {name.id for name in ast.walk(part) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
            _check(not any(name.startswith("test") for name in names))
            _check_statement(part)


def _check_statement(node: ast.stmt) -> None:
    """Check that a statement runs nothing: a docstring, an import, `pass`, a plain value under a name."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets: Iterable[ast.expr] = node.targets if isinstance(node, ast.Assign) else [node.target]
        _check(all(isinstance(target, ast.Name) and not target.id.startswith("__") for target in targets))
        calls = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
        _check(all(ast.unparse(call.func) == "logging.getLogger" for call in calls))
    else:
        _check(
            isinstance(node, ast.Import | ast.ImportFrom | ast.Pass)
            or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        )


def _last(node: ast.expr) -> str:
    """Name what a decorator or a base is, without where it comes from; nothing for what is no name."""
    target = node.func if isinstance(node, ast.Call) else node
    return target.attr if isinstance(target, ast.Attribute) else target.id if isinstance(target, ast.Name) else ""


def _check(is_clear: bool) -> None:
    """Go on only where it is clear."""
    if not is_clear:
        raise _Unclear
