"""What tests a module's sources hold, read without running them (`ast`), to say why one did not run.

Odoo runs the test cases of the files that it takes (see `collection`) that are defined there, and of each the methods that it
defines itself. The files in `migrations/tests` and `upgrades/tests` it takes one by one, without any import.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from runner.odoo.addons import MANIFEST
from runner.odoo.manifest import read_manifest
from runner.odoo.source_file import UnreadableSource, parse_source, read_source, source_files
from runner.verdict.cases import path_of
from runner.verdict.collection import Collection, collect
from runner.verdict.definitions import Binding, Definitions, Import, Method, definitions_of, under
from runner.verdict.inheritance import Inheritance, Kind, Node
from runner.verdict.javascript import JavaScript, read_javascript

# Where Odoo looks for tests in a module.
TESTS, UPGRADE_TESTS = "tests", ("migrations/tests", "upgrades/tests")
# All sources of a module's tests together; Odoo's own largest have 2 MB in 150 files.
_MOST_BYTES, _MOST_FILES = 5_000_000, 5000
_MIXIN = "its class derives from no test case, and Odoo 18 and newer run no tests that a class inherits"
_MISNAMED = "the name of its file does not begin with `test_`"
_UNITTEST = "its class derives from unittest.TestCase, which Odoo does not run: use odoo.tests.TransactionCase"
_ASYNC = "it is an `async def`, which Odoo's test cases never await"
_GENERATOR = "it holds a `yield`, so that a call runs nothing of it"
_RETURNS = "it begins with a `return`, so that a call runs nothing of it"
_ON_DEMAND = "tagged -standard"
# Odoo's own word for functions that a script of its own runs (`odoo.tests.standalone`).
_STANDALONE = f"it is a standalone test, which is left out like what is {_ON_DEMAND}"
_FUNCTION = "it stands outside of a class, and Odoo runs only methods of test cases"
# What a program makes a class or a test with whose name is nowhere.
_MAKE_TESTS = frozenset(("globals", "vars", "locals", "setattr", "exec", "eval", "parameterized_class", "__dict__"))
_LOOKS_TESTED = re.compile(rb"\bdef\s+test")


_RunBy: TypeAlias = Callable[[str, str], frozenset[tuple[str, str]]]


def _nothing(_file: str, _name: str) -> frozenset[tuple[str, str]]:
    return frozenset()


@dataclass(frozen=True)
class SourceTest:
    """A test in the sources: `file` is the name, dotted below `tests`, without `.py` (`migrations/tests/test_x` elsewhere).

    `note`: why Odoo may leave it out. `path`: the file below the module. `is_replaced`: what Odoo runs under its name is
    another one. `is_conditional`: the program decides whether it is defined. `is_tagged_out`: its class's tags leave it out.
    """

    file: str
    name: str
    note: str = ""
    path: str = ""
    is_replaced: bool = False
    is_conditional: bool = False
    is_tagged_out: bool = False

    @property
    def place(self) -> str:
        """Name its file below the module."""
        return self.path or path_of(self.file)

    @property
    def is_no_op(self) -> bool:
        """Tell whether nothing of it runs although Odoo calls it, and it passed."""
        return self.note in (_ASYNC, _GENERATOR, _RETURNS)

    @property
    def is_on_demand(self) -> bool:
        """Tell whether its class asks on purpose to be left out where nobody selects it."""
        return self.is_tagged_out and self.note.endswith(_ON_DEMAND)

    @property
    def is_expected(self) -> bool:
        """Tell whether it is likely to run."""
        return not self.note or self.is_conditional


@dataclass(frozen=True)
class SourceClass:
    """A class that has tests, or inherits and so may have some: `name` as in Odoo's tags, `path` below the module.

    `tests`: the names of those that it defines or inherits here; `may_have_more`: where it inherits from elsewhere.
    """

    name: str
    path: str
    tests: frozenset[str]
    may_have_more: bool


@dataclass(frozen=True)
class Sources:
    """The tests of one module: whether `tests/__init__.py` exists, which files are imported, and the tests by file.

    `files`: those whose name begins with `test_`. `inheriting_classes`: those without a test of their own, which may inherit
    some. `classes`: all that may be test cases; `other_names`: what else the files bind, `*` where a program may make more.
    `manifest`: what is wrong with the manifest, empty for nothing. `not_taken`: why Odoo does not take a test file, by
    its path; `conditions`: under what tests/__init__.py imports it. `unreadable`: why a file that may hold tests was not read,
    by its path. `run_by`: the tests of which something runs when this one runs, by file and name.
    """

    has_folder: bool
    has_init: bool
    imported: frozenset[str]
    files: tuple[str, ...]
    tests: tuple[SourceTest, ...]
    inheriting_classes: tuple[str, ...] = ()
    classes: tuple[SourceClass, ...] = ()
    other_names: frozenset[str] = frozenset()
    manifest: str = ""
    not_taken: Mapping[str, str] = field(default_factory=dict)
    conditions: Mapping[str, str] = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)
    run_by: _RunBy = _nothing
    javascript: JavaScript = field(default_factory=JavaScript)


@dataclass(frozen=True)
class _File:
    """A Python file of the tests: its dotted name, that of a package without `__init__`, and its path below the module."""

    name: str
    path: str
    is_package: bool
    definitions: Definitions

    @property
    def is_test_file(self) -> bool:
        return self.name.rpartition("/")[2].rpartition(".")[2].startswith("test_")


class _Reader:
    """Reads the files of a module, as far as there is room, and keeps why some were not read."""

    def __init__(self, module: Path) -> None:
        self._module = module
        self._room = _MOST_BYTES
        self.unreadable: dict[str, str] = {}

    def files(self, folder: str) -> Iterator[_File]:
        """Read all files below a folder."""
        start = self._module / folder
        if not os.path.lexists(start):
            return
        try:
            addons: set[Path] = set()
            for number, path in enumerate(source_files(start, self._module, ".py")):
                if number == _MOST_FILES:
                    raise UnreadableSource(f"holds more than {_MOST_FILES:,} Python files")
                if path.name == MANIFEST:
                    addons.add(path.parent)
                # An addon that the tests install has tests of its own, which are not this module's.
                elif addons.isdisjoint(path.parents):
                    yield self._read(path, folder)
        except UnreadableSource as error:
            self.unreadable[folder] = str(error)

    def _read(self, path: Path, folder: str) -> _File:
        below = path.relative_to(self._module / folder)
        is_package = path.name == "__init__.py"
        name = ".".join((below.parent if is_package else below.with_suffix("")).parts)
        name = name if folder == TESTS else f"{folder}/{name}"
        shown = path.relative_to(self._module).as_posix()
        return _File(name, shown, is_package, self._definitions(path, shown))

    def _definitions(self, path: Path, shown: str) -> Definitions:
        try:
            content = read_source(path, self._module)
        except UnreadableSource as error:
            self.unreadable[shown] = str(error)
            return Definitions()
        try:
            self._room -= len(content)
            if self._room < 0:
                raise UnreadableSource(f"was not read: the tests hold more than {_MOST_BYTES:,} bytes")
            return definitions_of(parse_source(content))
        except UnreadableSource as error:
            self.unreadable[shown] = str(error)
        except RecursionError:
            self.unreadable[shown] = "is nested too deep to be read"
        except SyntaxError as error:
            # It may be of a newer Python than ours, or what a program makes a source of. If Odoo imports it, Odoo says more.
            if path.name.startswith("test_") or _LOOKS_TESTED.search(content):
                line = f" (line {error.lineno})" if error.lineno else ""
                self.unreadable[shown] = f"is no valid Python: {error.msg}{line}"
        return Definitions()


def read_sources(module: Path) -> Sources:
    """Read the tests of a module, in bounds. Of what cannot be read it is said why; Odoo will say it in its own way."""
    reader = _Reader(module)
    files = _without_hidden(list(reader.files(TESTS)))
    upgrades = [file for folder in UPGRADE_TESTS for file in reader.files(folder)]
    has_init = any(file.is_package and not file.name for file in files)
    try:
        steps = {file.name: file.definitions.steps for file in files}
        packages = frozenset(file.name for file in files if file.is_package)
        collection = collect(module.name, steps, packages) if has_init else Collection({}, {})
        analysis = _Analysis(module.name, [*files, *upgrades], packages, collection)
        tests = tuple(analysis.tests())
        run_by: _RunBy = analysis.inheritance.tests_run_by
        inheriting = tuple(analysis.inheriting_classes())
        classes, other_names = tuple(analysis.classes()), analysis.other_names
    except RecursionError:
        reader.unreadable[TESTS] = "holds a chain of imports or base classes that is too long"
        collection, tests, run_by, inheriting = Collection({}, {}), (), _nothing, ()
        classes, other_names = (), frozenset("*")
    return Sources(
        has_folder=os.path.isdir(module / TESTS),  # noqa: PTH112 - Path.is_dir raises errors
        has_init=has_init,
        imported=collection.imported | {file.name for file in upgrades if _is_taken(file)},
        files=tuple(file.name for file in (*files, *upgrades) if file.is_test_file),
        tests=tests,
        inheriting_classes=inheriting,
        classes=classes,
        other_names=other_names,
        manifest=read_manifest(module).fault,
        not_taken={file.path: why for file in (*files, *upgrades) if (why := _why_not_taken(file, collection))},
        conditions={file.path: why for file in files if (why := collection.conditions.get(file.name, ""))},
        unreadable=reader.unreadable,
        run_by=run_by,
        javascript=read_javascript(module),
    )


def _without_hidden(files: list[_File]) -> list[_File]:
    """Give the files beside a package of their own name, which Python does not see, a name that nothing imports."""
    packages = {file.name for file in files if file.is_package}
    return [
        _File(f"{file.name}.py", file.path, False, file.definitions) if not file.is_package and file.name in packages else file
        for file in files
    ]


def _is_taken(file: _File) -> bool:
    """Tell whether Odoo takes a file of the tests of upgrade scripts: those right in the folder."""
    return file.is_test_file and not file.is_package and "." not in file.name


def _why_not_taken(file: _File, collection: Collection) -> str:
    if not file.path.startswith(f"{TESTS}/"):
        folder = file.path.rpartition("/tests/")[0]
        return "" if _is_taken(file) else f"Odoo takes only the files `test_*.py` right in {folder}/tests"
    if file.name.endswith(".py"):
        return f"its file is hidden by the folder {file.path.removesuffix('.py')}"
    return collection.why_not(file.name)


class _Analysis:
    """Finds the tests in a module's files, and what may keep them from running."""

    def __init__(self, module: str, files: list[_File], packages: frozenset[str], collection: Collection) -> None:
        self._files = files
        self._collection = collection
        self.inheritance = Inheritance(module, {file.name: file.definitions for file in files}, packages)
        self._used = frozenset(name for file in files for name in file.definitions.used)
        self._classes = {file.path: [Node(file.name, own) for own in file.definitions.classes] for file in files}

    def tests(self) -> Iterator[SourceTest]:
        """List the tests, by file."""
        for file in self._files:
            for node in self._classes[file.path]:
                yield from self._of_class(file, node)
            for function in file.definitions.functions if file.is_test_file else ():
                if function.name not in self._used and "fixture" not in function.decorators:
                    on_demand = "standalone" in function.decorators
                    note = _STANDALONE if on_demand else _FUNCTION
                    yield SourceTest(file.name, function.name, note, file.path, is_tagged_out=on_demand)

    def inheriting_classes(self) -> Iterator[str]:
        """Name the classes of test files that may inherit tests, and have none of their own."""
        for file in self._files:
            for own in file.definitions.classes if file.is_test_file else ():
                if own.bases and not own.tests:
                    yield f"{own.name} ({file.name})"

    def classes(self) -> Iterator[SourceClass]:
        """List the classes that have tests, or may inherit some."""
        for file in self._files:
            for node in self._classes[file.path]:
                tests = frozenset().union(*(place.own.test_names for place in self.inheritance.line(node)))
                if tests or node.own.bases:
                    name = node.own.name.rpartition(".")[2]
                    yield SourceClass(name, file.path, tests, self.inheritance.has_bases_elsewhere(node))

    @property
    def other_names(self) -> frozenset[str]:
        """Name what the files bind by anything but a class: what they import, and assign."""
        files = [file.definitions for file in self._files]
        bound = {
            step.bound if isinstance(step, Import) else step.name for file in files for step in file.steps if _binds(step)
        }
        return frozenset(bound | ({"*"} if _MAKE_TESTS & self._used else set()))

    def _of_class(self, file: _File, node: Node) -> Iterator[SourceTest]:
        if node.own.tests and (kind := self._kind_as_tests(file, node)):
            tags, by = self.inheritance.tags(node)
            tag_note = _of_tags(tags, node, by)
            for method in node.own.tests:
                if (method.not_callable or method.inside) and method.name in self._used:
                    continue
                note, conditional = self._note(file, node, method, kind)
                yield SourceTest(
                    file.name,
                    f"{node.own.name}.{method.name}",
                    note or tag_note,
                    file.path,
                    is_replaced=bool(method.gone or node.own.gone),
                    is_conditional=conditional,
                    is_tagged_out=bool(tag_note) and not note,
                )

    def _kind_as_tests(self, file: _File, node: Node) -> Kind | None:
        """Tell what kind of test case a class is meant to be; None for a helper, a model, and what else has such methods.

        Where its bases do not tell, it is one if it is written as one; a test that is lost weighs more than a note too many.
        """
        own, kind = node.own, self.inheritance.kind(node)
        asserts = any(method.asserts for method in own.tests)
        if own.is_model and not asserts:
            return None
        if kind in (Kind.CASE, Kind.UNITTEST):
            return kind
        is_called_so = file.is_test_file and own.name.rpartition(".")[2].startswith("Test")
        if node in self.inheritance.lent:
            return Kind.PLAIN
        if kind is Kind.UNKNOWN and (asserts or is_called_so):
            return Kind.CASE
        is_alone = own.name.rpartition(".")[2] not in self._used
        is_forgotten = kind is Kind.PLAIN and file.is_test_file and is_alone and (asserts or is_called_so)
        return Kind.PLAIN if is_forgotten and own.scope == "module" else None

    def _note(self, file: _File, node: Node, method: Method, kind: Kind) -> tuple[str, bool]:
        """Say what keeps a test from running, and whether that is for the program to decide."""
        own = node.own
        is_misnamed = not file.is_test_file and file.name not in self._collection.taken
        branches = own.branches or method.branches
        causes = (
            (is_misnamed, _MISNAMED),
            (method.gone, method.gone),
            (own.gone, f"its class is {own.gone}"),
            (kind is Kind.PLAIN, _MIXIN),
            (kind is Kind.UNITTEST, _UNITTEST),
            (method.inside, f"it is defined in the body of {method.inside}, and nobody calls it there"),
            (method.not_callable, f"it is a {method.not_callable}, which Odoo does not call"),
            (method.is_async, _ASYNC),
            (method.yields, _GENERATOR),
            (method.returns, _RETURNS),
            (own.scope != "module", f"its class is defined in {own.scope}"),
            (branches, f"{'its class' if own.branches else 'it'} is {under(branches)}"),
        )
        note = next((note for applies, note in causes if applies), "")
        return note, bool(branches) and note == causes[-1][1]


def _binds(step: Import | Binding) -> bool:
    return isinstance(step, Import) or step.word == "bound"


def _of_tags(tags: Iterable[str], node: Node, by: Node) -> str:
    whose = "its class is" if by == node else f"its base class {by.own.name} is"
    if "standard" not in tags:
        return f"{whose} {_ON_DEMAND}"
    if "at_install" not in tags and "post_install" not in tags:
        return f"{whose} tagged -at_install without post_install"
    return ""
