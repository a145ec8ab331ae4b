"""Which classes of a module's tests are test cases, from what they inherit, and which tests a test calls by `super()`.

Bases are followed through the module's own test files. Of one that comes from elsewhere only the name is known: it is a test
case if it comes from `odoo.tests` or another module's tests, or is called so (`...Case`, `...Common`).
"""

import re
import sys
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from runner.verdict.collection import absolute, below_tests, within
from runner.verdict.definitions import Definitions, Import, Method, TestClass

_CASE_NAMES = ("Case", "Common", "TestBase")
# Test cases that have no test themselves.
CASES_WITHOUT_TESTS = frozenset(
    ("BaseCase", "TransactionCase", "SavepointCase", "SingleTransactionCase", "HttpCase", "TestCase")
)
_UNITTEST_CASES = ("TestCase", "IsolatedAsyncioTestCase")
# Nobody inherits from further away, and no test calls more of them.
_FARTHEST, _MOST_CALLS = 50, 200


class Kind(Enum):
    """What a class is, as far as its bases tell; PLAIN has none at all."""

    CASE = "a test case of Odoo"
    UNITTEST = "a test case of unittest"
    UNKNOWN = "of bases that are unknown"
    PLAIN = "of no base"
    OTHER = "something else"


@dataclass(frozen=True)
class Node:
    """A class in its file."""

    file: str
    own: TestClass

    def __hash__(self) -> int:
        """Tell classes of one name apart."""
        return hash((self.file, self.own.name, self.own.line))


@dataclass(frozen=True)
class _External:
    module: str
    name: str


class Inheritance:
    """The classes of all test files of a module."""

    def __init__(self, module: str, files: Mapping[str, Definitions], packages: frozenset[str]) -> None:
        self._module = module
        self._files = files
        self._packages = packages
        self._kinds: dict[Node, Kind] = {}
        self._lines: dict[Node, tuple[Node, ...]] = {}
        self._named: dict[tuple[str, str], list[TestClass]] = {}
        for node in self.nodes:
            self._named.setdefault((node.file, node.own.name), []).append(node.own)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Return all classes."""
        return tuple(Node(file, own) for file, found in self._files.items() for own in found.classes)

    @cached_property
    def lent(self) -> frozenset[Node]:
        """Return the classes that test cases inherit from."""
        cases = (node for node in self.nodes if self.kind(node) is Kind.CASE)
        return frozenset(base for node in cases for base in self.line(node)[1:])

    def kind(self, node: Node) -> Kind:
        """Tell what a class is."""
        if node not in self._kinds:
            self._kinds[node] = Kind.OTHER  # of one that derives from itself
            kinds = [self._kind_of_base(node, base) for base in node.own.bases]
            order = (Kind.CASE, Kind.UNITTEST, Kind.UNKNOWN, Kind.OTHER)
            known = next((kind for kind in order if kind in kinds), Kind.PLAIN)
            self._kinds[node] = known
        return self._kinds[node]

    def line(self, node: Node) -> tuple[Node, ...]:
        """Return a class and all that it inherits from in these files, the nearest first."""
        if node not in self._lines:
            self._lines[node] = (node,)
            bases = [found for base in node.own.bases if isinstance(found := self._resolve(node, base), Node)]
            inherited = [other for base in bases for other in self.line(base)]
            # As in Python, what two bases have in common comes after both.
            later = reversed(dict.fromkeys(reversed([other for other in inherited if other != node])))
            self._lines[node] = (node, *tuple(later)[:_FARTHEST])
        return self._lines[node]

    def has_bases_elsewhere(self, node: Node) -> bool:
        """Tell whether a class may inherit tests from outside of these files."""
        return any(self._may_bring_tests(place, base) for place in self.line(node) for base in place.own.bases)

    def _may_bring_tests(self, node: Node, base: str) -> bool:
        found = self._resolve(node, base)
        name = found.name if isinstance(found, _External) else base.rpartition(".")[2]
        return not isinstance(found, Node) and name not in CASES_WITHOUT_TESTS

    def tags(self, node: Node) -> tuple[frozenset[str], Node]:
        """Return the tags of a class, and the class from which the last of them was taken away."""
        tags, by = frozenset({"standard", "at_install"}), node
        for other in reversed(self.line(node)):
            tags = frozenset(other.own.own_tags) if other.own.own_tags is not None else tags
            for tag in other.own.tags or ():
                if tag.startswith("-"):
                    by = other if tag[1:] in tags else by
                    tags -= {tag[1:]}
                else:
                    tags |= {tag}
        return tags, by

    def tests_run_by(self, file: str, name: str) -> frozenset[tuple[str, str]]:
        """Name the tests, by file and name, of which something runs when Odoo runs this one: its own, and those it calls.

        Of one that was made while Python ran, those of which it may be made.
        """
        class_name, _, method = name.rpartition(".")
        node = self._own(file, class_name)
        start = next((place for place in self.line(node) if method in place.own.method), None) if node else None
        if not node or not start:
            return frozenset(self._made_of(file, node, method))
        ran = [(start, start.own.method[method]), *self._called(node, start, start.own.method[method])]
        return frozenset((place.file, f"{place.own.name}.{test.name}") for place, test in ran if test.is_test)

    def _made_of(self, file: str, node: Node | None, method: str) -> Iterator[tuple[str, str]]:
        """Name the tests of this name that a file holds or whose class it uses, and those that a decorator multiplies."""
        for other in self.nodes:
            if method in other.own.method and (other.file == file or self._uses(file, other.own.name.rpartition(".")[2])):
                yield other.file, f"{other.own.name}.{method}"
        # As `parameterized.expand` makes `test_pair_0_name` of `test_pair`, and ddt `test_pair_1_name`.
        for test in node.own.tests if node else ():
            if test.decorators and re.match(rf"{re.escape(test.name)}_\d", method):
                yield file, f"{node.own.name if node else ''}.{test.name}"

    def _uses(self, file: str, name: str) -> bool:
        definitions = self._files.get(file, Definitions())
        return name in definitions.used or any(name in base.split(".") for own in definitions.classes for base in own.bases)

    def _called(self, node: Node, owner: Node, method: Method) -> Iterator[tuple[Node, Method]]:
        """Name the methods that one of a class calls, itself or by others: `owner` is the class that defines it."""
        line = self.line(node)
        seen: dict[tuple[Node, str], Method] = {}
        waiting = [(owner, method)]
        while waiting and len(seen) < _MOST_CALLS:
            owner, current = waiting.pop()
            for use in current.uses:
                start, _, name = use.rpartition(".")
                if start:
                    other = self._resolve(owner, start)
                    where: Sequence[Node] = self.line(other) if isinstance(other, Node) else ()
                else:
                    where = line[line.index(owner) + 1 :] if use.startswith(".") and owner in line else line
                place = next((place for place in where if name in place.own.method), None)
                if place and (place, name) not in seen:
                    seen[place, name] = place.own.method[name]
                    waiting.append((place, place.own.method[name]))
        yield from ((place, called) for (place, _), called in seen.items())

    def _kind_of_base(self, node: Node, base: str) -> Kind:
        found = self._resolve(node, base)
        if isinstance(found, Node):
            return self.kind(found)
        if found is None:
            return Kind.CASE if base.endswith(_CASE_NAMES) else Kind.UNKNOWN
        return _kind_of_external(found.module, found.name)

    def _resolve(self, node: Node, name: str) -> Node | _External | None:
        """Find what a class's file knows by a name; None if nothing tells."""
        head, _, rest = name.partition(".")
        found = self._own(node.file, name, node.own)
        return found or self._imported(node.file, head, rest, 0)

    def _own(self, file: str, name: str, heir: TestClass | None = None) -> Node | None:
        classes = self._named.get((file, name), [])
        if heir:  # one of its own name stands before it
            classes = classes[: bisect_left(classes, heir.line, key=lambda own: own.line)]
        return Node(file, classes[-1]) if classes else None

    def _imported(self, file: str, head: str, rest: str, depth: int) -> Node | _External | None:
        found: Node | _External | None = None
        for step in reversed(self._files[file].imports) if file in self._files and depth < _FARTHEST else ():
            target = self._target(file, step)
            if step.name == "*":
                found = self._in_file(target, head, depth) if target is not None else None
            elif step.name and step.bound == head:
                name = within(step.name, rest)
                found = self._below(target, name, depth) if target is not None else _external(within(step.module, name))
            elif not step.name and head == (step.bound or step.module.partition(".")[0]):
                whole = within(step.module if step.bound else head, rest)
                below = absolute(whole.rpartition(".")[0], self._module)
                found = _external(whole) if below is None else self._below(below, whole.rpartition(".")[2], depth)
            if found:
                return found
        return None

    def _below(self, file: str, name: str, depth: int) -> Node | _External | None:
        """Find a name of a file, as in `Common`, or of one beside it, as in `common.Common`."""
        package, _, last = name.rpartition(".")
        return self._in_file(within(file, package), last, depth)

    def _in_file(self, file: str, name: str, depth: int) -> Node | _External | None:
        return self._own(file, name) or self._imported(file, name, "", depth + 1)

    def _target(self, file: str, step: Import) -> str | None:
        return below_tests(step, file, is_package=file in self._packages, module=self._module)


def _external(name: str) -> _External:
    package, _, last = name.rpartition(".")
    return _External(package, last)


def _kind_of_external(module: str, name: str) -> Kind:
    """Tell what a class is by the module from which it is imported, and its name there."""
    package = module.partition(".")[0]
    if package == "unittest":
        return Kind.UNITTEST if name in _UNITTEST_CASES else Kind.OTHER
    is_in_tests = ".tests." in f".{module}." and "model" not in module.rpartition(".")[2]
    is_of_odoo_itself = f"{module}.".startswith("odoo.tests.")  # where a Form is no test case
    if name.endswith(_CASE_NAMES) or "Case" in name or (is_in_tests and not is_of_odoo_itself):
        return Kind.CASE
    return Kind.OTHER if package == "odoo" or package in sys.stdlib_module_names else Kind.UNKNOWN
