"""What tests a module's sources hold, read without running them (`ast`), to say why one did not run."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from runner.odoo.manifest import read_manifest
from runner.verdict.collected import collected_files, parse

_MIXIN = "its class derives from no test case, and Odoo 18 and newer run no tests that a class inherits"
_MISNAMED = "the name of its file does not begin with `test_`"
_UNITTEST = "its class derives from unittest.TestCase, which Odoo does not run: use odoo.tests.TransactionCase"
_ASYNC = "it is an `async def`, which Odoo's test cases never await"
_GENERATOR = "it holds a `yield`, so that a call runs nothing of it"


@dataclass(frozen=True)
class SourceTest:
    """A test method in the sources: `file` is the name, dotted below `tests`, without `.py`.

    `note`: why Odoo may leave it out.
    """

    file: str
    name: str
    note: str = ""

    @property
    def is_hollow(self) -> bool:
        """Whether nothing of it runs although Odoo calls it, and it passed."""
        return self.note in (_ASYNC, _GENERATOR)


@dataclass(frozen=True)
class Sources:
    """The tests of one module: whether `tests/__init__.py` exists, which files are imported, and the test methods by file.

    `files`: those whose name begins with `test_`. `heirs`: classes without a test of their own, which may inherit some.
    `manifest`: what is wrong with the manifest, empty for nothing.
    """

    has_folder: bool
    has_init: bool
    imported: frozenset[str]
    files: tuple[str, ...]
    tests: tuple[SourceTest, ...]
    heirs: tuple[str, ...] = ()
    manifest: str = ""

    @property
    def forgotten(self) -> tuple[str, ...]:
        """The test files that hold tests and that are imported in no way by which Odoo would see them."""
        holding = {test.file for test in self.tests if test.note not in (_MIXIN, _UNITTEST)}
        return tuple(file for file in self.files if file in holding and file not in self.imported)


def read_sources(module: Path) -> Sources:
    """Read the `tests` folder of a module. A file that is no valid Python holds no tests for us; Odoo will say so."""
    folder = module / "tests"
    files = {_dotted(file.relative_to(folder)): parse(file) for file in sorted(folder.rglob("*.py"))}
    init = (folder / "__init__.py").is_file()
    return Sources(
        has_folder=folder.is_dir(),
        has_init=init,
        imported=collected_files(folder) if init else frozenset(),
        files=tuple(file for file in files if _is_test_file(file)),
        tests=tuple(test for file, tree in files.items() for test in _tests_in(file, tree)),
        heirs=tuple(heir for file, tree in files.items() if _is_test_file(file) for heir in _heirs_in(file, tree)),
        manifest=read_manifest(module).fault,
    )


def _dotted(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _is_test_file(file: str) -> bool:
    return file.rpartition(".")[2].startswith("test_")


def _test_methods(node: ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for method in node.body:
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and method.name.startswith("test"):
            yield method


def _classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    return (node for node in tree.body if isinstance(node, ast.ClassDef))


def _tests_in(file: str, tree: ast.Module) -> Iterable[SourceTest]:
    foreign = _names_of_unittest(tree)
    for node in _classes(tree):
        for method in _test_methods(node):
            note = _note(node, method, foreign) if _is_test_file(file) else _MISNAMED
            yield SourceTest(file, f"{node.name}.{method.name}", note)


def _heirs_in(file: str, tree: ast.Module) -> Iterable[str]:
    for node in _classes(tree):
        if node.bases and not list(_test_methods(node)):
            yield f"{node.name} ({file})"


def _note(node: ast.ClassDef, method: ast.FunctionDef | ast.AsyncFunctionDef, foreign: set[str]) -> str:
    if isinstance(method, ast.AsyncFunctionDef):
        return _ASYNC
    bases = [ast.unparse(base) for base in node.bases]
    if not [base for base in bases if base != "object"]:
        return _MIXIN
    if foreign.issuperset(bases):
        return _UNITTEST
    removed = [tag for tag in _tags(node) if tag.startswith("-")]
    if "-standard" in removed:
        return "its class is tagged -standard"
    if {"-at_install"} <= set(removed) and "post_install" not in _tags(node):
        return "its class is tagged -at_install without post_install"
    return _GENERATOR if _yields(method) else ""


def _yields(method: ast.FunctionDef) -> bool:
    """Whether the function itself, not one that is defined in it, holds a `yield`."""
    waiting: list[ast.AST] = list(method.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)
    return False


def _names_of_unittest(tree: ast.Module) -> set[str]:
    """The names by which a file speaks of unittest's own test cases."""
    cases = ("TestCase", "IsolatedAsyncioTestCase")
    names = {f"unittest.{case}" for case in cases}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "unittest":
            names |= {alias.asname or alias.name for alias in node.names if alias.name in cases}
    return names


def _tags(node: ast.ClassDef) -> list[str]:
    return [
        str(argument.value)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).rpartition(".")[2] == "tagged"
        for argument in decorator.args
        if isinstance(argument, ast.Constant)
    ]
