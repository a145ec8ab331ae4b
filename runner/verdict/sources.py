"""What tests a module's sources hold, read without running them (`ast`), to say why one did not run.

Odoo takes the modules that `tests` has as attributes when it is imported: what is bound in tests/__init__.py, and every
file right below `tests` that was imported by whatever file, since Python then sets the attribute itself.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from runner.odoo.manifest import read_manifest
from runner.verdict.javascript import JavaScript, read_javascript

_MIXIN = "its class derives from no test case, and Odoo 18 and newer run no tests that a class inherits"
_MISNAMED = "the name of its file does not begin with `test_`"
_UNITTEST = "its class derives from unittest.TestCase, which Odoo does not run: use odoo.tests.TransactionCase"
_ASYNC = "it is an `async def`, which Odoo's test cases never await"
_GENERATOR = "it holds a `yield`, so that a call runs nothing of it"
_ON_DEMAND = "its class is tagged -standard"
_Method: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class SourceTest:
    """A test method in the sources: `file` is the name, dotted below `tests`, without `.py`.

    `note`: why Odoo may leave it out.
    """

    file: str
    name: str
    note: str = ""

    @property
    def is_no_op(self) -> bool:
        """Tell whether nothing of it runs although Odoo calls it, and it passed."""
        return self.note in (_ASYNC, _GENERATOR)

    @property
    def is_on_demand(self) -> bool:
        """Tell whether its class asks on purpose to be left out where nobody selects it."""
        return self.note == _ON_DEMAND


@dataclass(frozen=True)
class Sources:
    """The tests of one module: whether `tests/__init__.py` exists, which files are imported, and the test methods by file.

    `files`: those whose name begins with `test_`. `inheriting_classes`: those without a test of their own, which may inherit
    some. `manifest`: what is wrong with the manifest, empty for nothing.
    """

    has_folder: bool
    has_init: bool
    imported: frozenset[str]
    files: tuple[str, ...]
    tests: tuple[SourceTest, ...]
    inheriting_classes: tuple[str, ...] = ()
    manifest: str = ""
    javascript: JavaScript = field(default_factory=JavaScript)

    @property
    def unimported(self) -> tuple[str, ...]:
        """Name the test files that hold tests and that are imported in no way by which Odoo would see them."""
        with_tests = {test.file for test in self.tests if test.note not in (_MIXIN, _UNITTEST)}
        return tuple(file for file in self.files if file in with_tests and file not in self.imported)


@dataclass(frozen=True)
class _File:
    """A Python file below `tests`: its dotted name, that of a package without `__init__`."""

    name: str
    is_package: bool
    tree: ast.Module

    @property
    def is_test_file(self) -> bool:
        return self.name.rpartition(".")[2].startswith("test_")

    @property
    def classes(self) -> Iterator[ast.ClassDef]:
        return (node for node in self.tree.body if isinstance(node, ast.ClassDef))

    @cached_property
    def unittest_cases(self) -> set[str]:
        """Name the test cases of unittest as it does."""
        cases = ("TestCase", "IsolatedAsyncioTestCase")
        imports = [node for node in ast.walk(self.tree) if isinstance(node, ast.ImportFrom) and node.module == "unittest"]
        aliases = {alias.asname or alias.name for node in imports for alias in node.names if alias.name in cases}
        return aliases | {f"unittest.{case}" for case in cases}

    @property
    def imports(self) -> Iterator[tuple[str, str]]:
        """Name what it imports from `tests`: the target, and the name taken from it, empty for `import x`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and (target := self._target(node)) is not None:
                yield from ((target, alias.name) for alias in node.names)
            elif isinstance(node, ast.Import):
                names = (alias.name.partition(".tests.")[2] for alias in node.names)
                yield from ((name, "") for name in names if name)

    def _target(self, node: ast.ImportFrom) -> str | None:
        """Name below `tests` from where a statement imports, dotted; None if that is elsewhere."""
        if not node.level:
            _, below, target = f"{node.module}.".partition(".tests.")
            return target.rstrip(".") if below else None
        parts = self.name.split(".") if self.name else []
        up = node.level - 1 if self.is_package else node.level
        return _dotted(*parts[: len(parts) - up], node.module or "") if up <= len(parts) else None


def read_sources(module: Path) -> Sources:
    """Read the `tests` folder of a module. A file that is no valid Python holds no tests for us; Odoo will say so."""
    folder = module / "tests"
    files = [_read(path, folder) for path in sorted(folder.rglob("*.py"))]
    has_init = (folder / "__init__.py").is_file()
    return Sources(
        has_folder=folder.is_dir(),
        has_init=has_init,
        imported=_collected({file.name: file for file in files}) if has_init else frozenset(),
        files=tuple(file.name for file in files if file.is_test_file),
        tests=tuple(
            SourceTest(file.name, f"{node.name}.{method.name}", _note(file, node, method))
            for file in files
            for node in file.classes
            for method in _test_methods(node)
        ),
        inheriting_classes=tuple(
            f"{node.name} ({file.name})"
            for file in files
            for node in file.classes
            if file.is_test_file and node.bases and not any(_test_methods(node))
        ),
        manifest=read_manifest(module).fault,
        javascript=read_javascript(module),
    )


def _read(path: Path, folder: Path) -> _File:
    is_package = path.name == "__init__.py"
    name = _dotted(*(path.parent if is_package else path.with_suffix("")).relative_to(folder).parts)
    try:
        return _File(name, is_package, ast.parse(path.read_bytes()))
    except (SyntaxError, ValueError, OSError, RecursionError):
        return _File(name, is_package, ast.Module(body=[], type_ignores=[]))


def _dotted(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _collected(files: Mapping[str, _File]) -> frozenset[str]:
    """Name what `tests` has as attributes, dotted below it: `test_a`, `common`, `deep`, `deep.test_b`."""
    bound: dict[str, set[str]] = {}
    waiting = [""]
    while waiting:
        name = waiting.pop()
        if name not in bound:
            bound[name] = set()
            for target, alias in files[name].imports if name in files else ():
                bound[name] |= {_dotted(target, alias)} if alias else set()
                parts = target.split(".")
                waiting += [*(_dotted(*parts[: end + 1]) for end in range(len(parts))), _dotted(target, alias)]
    # Only the import of a file sets it as an attribute; a name that is none (a class) is harmless.
    right_below = {name for name in bound if name and "." not in name}
    return frozenset(right_below | _bound_in(bound, "", set()))


def _bound_in(bound: Mapping[str, set[str]], package: str, seen: set[str]) -> set[str]:
    """Name what a package binds, and with a star the attributes of others: what they bind and what was imported below them."""
    if package in seen:
        return set()
    seen.add(package)
    names = bound.get(package, set())
    attributes = {name for name in names if not name.endswith("*")}
    for other in (name.rstrip("*").rstrip(".") for name in names - attributes):
        below = {name for name in bound if name.rpartition(".")[0] == other and name != other}
        attributes |= _bound_in(bound, other, seen) | below
    return attributes


def _test_methods(node: ast.ClassDef) -> Iterator[_Method]:
    return (method for method in node.body if isinstance(method, _Method) and method.name.startswith("test"))


def _note(file: _File, node: ast.ClassDef, method: _Method) -> str:
    if not file.is_test_file or isinstance(method, ast.AsyncFunctionDef):
        return _ASYNC if file.is_test_file else _MISNAMED
    bases = [ast.unparse(base) for base in node.bases]
    if not [base for base in bases if base != "object"]:
        return _MIXIN
    if file.unittest_cases.issuperset(bases):
        return _UNITTEST
    tags = _tags(node)
    if "-standard" in tags:
        return _ON_DEMAND
    if "-at_install" in tags and "post_install" not in tags:
        return "its class is tagged -at_install without post_install"
    return _GENERATOR if _yields(method) else ""


def _yields(method: ast.FunctionDef) -> bool:
    """Tell whether the function itself, not one that is defined in it, holds a `yield`."""
    waiting: list[ast.AST] = list(method.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, _Method | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)
    return False


def _tags(node: ast.ClassDef) -> set[str]:
    return {
        str(argument.value)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).rpartition(".")[2] == "tagged"
        for argument in decorator.args
        if isinstance(argument, ast.Constant)
    }
