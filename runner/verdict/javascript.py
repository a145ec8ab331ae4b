"""The JavaScript tests of a module, which only a browser runs, and its own tests in Python that open one for them."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from runner.odoo.source_file import UnreadableSource, parse_source, read_source, source_files
from runner.verdict.cases import Case, CaseOutcome
from runner.verdict.odoolog import LoggedTest

# Of Hoot (18 and newer), and of QUnit. Tours lie beside them: those a test in Python starts by their names.
_HOOT, _QUNIT = ".test.js", "_tests.js"
_TOURS = "tours"
_FOLDER = "static/tests/"
# A test, or a file, that only runs where the browser is that of a phone.
_FOR_PHONES = re.compile(rb"""\btags\s*(?:\([^)]{0,1000}["'`]mobile["'`]|`mobile`)""")
# Of tests and suites that are marked `skip` Hoot says nothing, nor of the others where some are to be the only ones.
_MARKED = re.compile(rb"""\b(?:test|describe)\b(?:[\w.,()\s"'`-]|\{[^{}]{0,200}\}){0,200}?\.(skip|todo|only|debug)\b""")
_COMMENT = re.compile(rb"^[ \t]*//.*", re.MULTILINE)
# The page that runs them; and the tests of the addon web that open it, from which a module may derive its own.
_PAGE = "/web/tests"
WEB, TEST_JS = "web", "test_js"
_CHECK = "check"


@dataclass(frozen=True)
class JavaScript:
    """`files`: the JavaScript tests of a module, as in `static/tests/one.test.js`. `openers`: its tests that run them.

    Those are pairs of a test file, dotted below `tests`, and a pattern of names of tests: `TestJs.test_js`, `TestJs.*`, `*`.
    `for_phones`: whether some only run in a browser like that of a phone. `marks`: files with tests that are marked, by
    `skip`, `todo`, `only` or `debug`, each pair once.
    """

    files: tuple[str, ...] = ()
    openers: tuple[tuple[str, str], ...] = ()
    for_phones: bool = False
    marks: tuple[tuple[str, str], ...] = ()

    @property
    def hoot(self) -> tuple[str, ...]:
        """Name the files of Hoot, which can run those of a module by themselves."""
        return tuple(file for file in self.files if file.endswith(_HOOT))

    @property
    def suites(self) -> dict[str, str]:
        """Give the suite that Hoot makes of each of its files, without the module's name: `score/bar`."""
        return {file: file.removeprefix(_FOLDER).removesuffix(_HOOT) for file in self.hoot}

    def marked(self, mark: str) -> list[str]:
        """Name the files of Hoot with a test or a suite that has this mark."""
        return [file for file, other in self.marks if other == mark and file in self.hoot]

    @property
    def exclusive(self) -> list[tuple[str, str]]:
        """Name the files in which some are marked to be the only ones, each with the mark."""
        return [(file, mark) for mark in ("only", "debug") for file in self.marked(mark)]

    def file_of(self, test: str) -> str:
        """Find the file of a JavaScript test by its name, as in `score/bar/is red`; empty if there is none."""
        holding = (file for file, suite in self.suites.items() if test.startswith(f"{suite}/"))
        return max(holding, key=len, default="")

    def have_run(self, module_cases: tuple[Case, ...], started: list[LoggedTest]) -> bool:
        """Tell whether a test that opens their page ran, the module's own or that of web; not whether it opened them all."""
        own = ((case.file, case.name) for case in module_cases if case.outcome is not CaseOutcome.SKIPPED)
        if any(file == opener and fnmatchcase(name, names) for file, name in own for opener, names in self.openers):
            return True
        of_web = (test for test in started if (test.module, test.file) == (WEB, TEST_JS))
        return any(test.skipped is None and _CHECK not in test.name for test in of_web)


def read_javascript(module: Path) -> JavaScript:
    """Find the JavaScript tests of a module, and what runs them. Nothing is run, and what cannot be read holds none."""
    paths = (path.relative_to(module) for path in _files(module / _FOLDER, module, _HOOT, _QUNIT))
    files = tuple(sorted(path.as_posix() for path in paths if _TOURS not in path.parts))
    contents = {file: _COMMENT.sub(b"", _content(module / file, module)) for file in files}
    for_phones = any(map(_FOR_PHONES.search, contents.values()))
    marks = {(file, mark.decode()): None for file, content in contents.items() for mark in _MARKED.findall(content)}
    return JavaScript(files, tuple(_openers(module)) if files else (), for_phones, tuple(marks))


def _content(file: Path, module: Path) -> bytes:
    try:
        return read_source(file, module)
    except UnreadableSource:
        return b""


def _files(folder: Path, module: Path, *suffixes: str) -> list[Path]:
    try:
        return list(source_files(folder, module, *suffixes))
    except UnreadableSource:  # mostly there is no such folder
        return []


def _openers(module: Path) -> Iterator[tuple[str, str]]:
    folder = module / "tests"
    trees = {}
    for path in _files(folder, module, ".py"):
        try:
            trees[".".join(path.relative_to(folder).with_suffix("").parts)] = parse_source(read_source(path, module))
        except (UnreadableSource, SyntaxError):
            continue
    helpers = {file.rpartition(".")[2] for file, tree in trees.items() if not _is_test_file(file) and _opens(tree)}
    for file, tree in trees.items():
        if _is_test_file(file):
            yield from ((file, names) for names in _names(tree, helpers))


def _is_test_file(file: str) -> bool:
    return file.rpartition(".")[2].startswith("test_")


def _names(tree: ast.Module, helpers: set[str]) -> Iterator[str]:
    """Name the tests in a file that open the page, as closely as can be told without running them."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for child in filter(_opens, node.body):
                name = child.name if isinstance(child, ast.FunctionDef) and child.name.startswith("test") else "*"
                yield f"{node.name}.{name}"
        elif _opens(node) or _imports(node, helpers | {TEST_JS}):
            yield "*"


def _opens(tree: ast.AST) -> bool:
    constants = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return any(isinstance(value, str) and _PAGE in value for value in constants)


def _imports(node: ast.AST, names: set[str]) -> bool:
    """Tell whether it imports a file of one of these names, or from it."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return False
    words = re.split(r"\W+", f"{getattr(node, 'module', '')} {' '.join(alias.name for alias in node.names)}")
    return not names.isdisjoint(words)
