"""What tests a module's sources hold, read without running them (`ast`), to say why one did not run."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SourceTest:
    """A test method in the sources: `file` is the name below `tests` without `.py`; `note`: why Odoo may leave it out."""

    file: str
    name: str
    note: str = ""


@dataclass(frozen=True)
class Sources:
    """The tests of one module: whether `tests/__init__.py` exists, which files it imports, and the test methods by file."""

    has_folder: bool
    has_init: bool
    imported: frozenset[str]
    files: tuple[str, ...]
    tests: tuple[SourceTest, ...]

    @property
    def forgotten(self) -> tuple[str, ...]:
        """The test files that hold tests and that `tests/__init__.py` does not import, so that Odoo never sees them."""
        holding = {test.file for test in self.tests if test.note != _MIXIN}
        return tuple(file for file in self.files if file in holding and file not in self.imported)


_MIXIN = "its class derives from no test case"


def read_sources(module: Path) -> Sources:
    """Read the `tests` folder of a module. A file that is no valid Python holds no tests for us; Odoo will say so."""
    folder = module / "tests"
    init = folder / "__init__.py"
    files = sorted(file for file in folder.glob("test_*.py")) if folder.is_dir() else []
    tests = [test for file in files for test in _tests_in(file)]
    return Sources(
        has_folder=folder.is_dir(),
        has_init=init.is_file(),
        imported=frozenset(_imported_by(init)) if init.is_file() else frozenset(),
        files=tuple(file.stem for file in files),
        tests=tuple(tests),
    )


def _parse(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return ast.Module(body=[], type_ignores=[])


def _imported_by(init: Path) -> Iterable[str]:
    for node in ast.walk(_parse(init)):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module and node.level == 1:
                yield module.split(".")[0]  # from .test_a import TestA
            elif ".tests." in f".{module}.":
                yield from (alias.name for alias in node.names)  # from odoo.addons.m.tests import test_a
                yield module.rpartition(".tests.")[2].split(".")[0]
            elif node.level == 1:
                yield from (alias.name for alias in node.names)  # from . import test_a
        elif isinstance(node, ast.Import):
            yield from (alias.name.rpartition(".")[2] for alias in node.names)


def _tests_in(file: Path) -> Iterable[SourceTest]:
    for node in _parse(file).body:
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) and method.name.startswith("test"):
                    yield SourceTest(file.stem, f"{node.name}.{method.name}", _note(node, method))


def _note(node: ast.ClassDef, method: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    if isinstance(method, ast.AsyncFunctionDef):
        return "it is an `async def`, which Odoo's test cases never await"
    if not [base for base in node.bases if ast.unparse(base) != "object"]:
        return _MIXIN
    removed = [tag for tag in _tags(node) if tag.startswith("-")]
    if "-standard" in removed:
        return "its class is tagged -standard"
    if {"-at_install"} <= set(removed) and "post_install" not in _tags(node):
        return "its class is tagged -at_install without post_install"
    return ""


def _tags(node: ast.ClassDef) -> list[str]:
    return [
        str(argument.value)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).rpartition(".")[2] == "tagged"
        for argument in decorator.args
        if isinstance(argument, ast.Constant)
    ]
