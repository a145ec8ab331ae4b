"""What one Python file of a module's tests defines and imports, read without running it: classes, tests, names."""

import ast
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
# Of whatever encloses a definition: line, column, number of the branch, and its word.
Branches: TypeAlias = tuple[tuple[int, int, int, str], ...]
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_COMPREHENSIONS = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)
_NOT_OF_A_STATEMENT = (ast.stmt, ast.ExceptHandler, ast.match_case, ast.Lambda, *_COMPREHENSIONS)
# What makes of a method something that cannot be called.
_NOT_CALLABLE = ("property", "cached_property", "classmethod")
_WORDS = {ast.If: "if", ast.For: "for", ast.AsyncFor: "for", ast.While: "while", ast.With: "with", ast.AsyncWith: "with"}


@dataclass(frozen=True)
class Binding:
    """A name that a statement gives to something, or takes away: `word` is `defined`, `bound` or `deleted`."""

    name: str
    line: int
    branches: Branches
    word: str


@dataclass(frozen=True)
class Method:
    """A function. `uses`: what it names of `self` (of `super()`: after a dot), and of other classes (`Name.method`).

    `inside`: the method in whose body it is defined. `returns`: at once, whatever follows.
    """

    name: str
    line: int
    branches: Branches
    is_async: bool
    yields: bool
    decorators: frozenset[str]
    asserts: bool
    uses: frozenset[str]
    gone: str = ""
    inside: str = ""
    returns: bool = False

    @property
    def is_test(self) -> bool:
        """Tell whether it has a test's name."""
        return self.name.startswith("test")

    @property
    def not_callable(self) -> str:
        """Name the decorator by which it cannot be called."""
        return next((name for name in _NOT_CALLABLE if name in self.decorators), "")


@dataclass(frozen=True)
class TestClass:
    """A class, whether or not it is a test case. `name` as in Odoo's log (`make.<locals>.TestOne`), `bases` dotted.

    `gone`: by what its name is taken from it later. `tags`: those of its decorators, None where they are computed.
    `own_tags`: those it sets instead of the usual ones. `test_names`: what it defines or assigns under a test's name.
    """

    __test__ = False

    name: str
    line: int
    branches: Branches
    scope: str
    bases: tuple[str, ...]
    tags: tuple[str, ...] | None
    own_tags: tuple[str, ...] | None
    methods: tuple[Method, ...]
    is_model: bool
    gone: str = ""
    test_names: frozenset[str] = frozenset()

    @cached_property
    def method(self) -> Mapping[str, Method]:
        """Return its methods by name, as far as they keep it."""
        return {method.name: method for method in self.methods if not method.gone and not method.inside}

    @property
    def tests(self) -> tuple[Method, ...]:
        """Return its methods with a test's name."""
        return tuple(method for method in self.methods if method.is_test)


@dataclass(frozen=True)
class Import:
    """A name that is imported: `module` with as many dots as the statement has, `name` empty for `import module`."""

    module: str
    level: int
    name: str
    bound: str
    branches: Branches


@dataclass(frozen=True)
class Definitions:
    """What a file holds. `steps`: its imports and the names that it binds else, in their order, for whoever replays them."""

    classes: tuple[TestClass, ...] = ()
    functions: tuple[Method, ...] = ()
    steps: tuple[Import | Binding, ...] = ()
    used: frozenset[str] = frozenset()

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Return the imports."""
        return tuple(step for step in self.steps if isinstance(step, Import))


_Bindings: TypeAlias = dict[str, list[Binding]]


def definitions_of(tree: ast.Module) -> Definitions:
    """Read a syntax tree. RecursionError if it is nested too deep."""
    statements = list(_statements(tree.body))
    bindings = _by_name(statements)
    functions = [(node, branches) for node, branches in statements if isinstance(node, _Function)]
    classes = list(_classes(statements, bindings, "", "module"))
    for node, branches in functions:
        within = list(_statements(node.body, branches))
        classes += _classes(within, _by_name(within), f"{node.name}.<locals>.", f"the function `{node.name}`")
    steps: list[Import | Binding] = [step for node, branches in statements for step in _steps(node, branches)]
    top = {id(node) for node, _ in statements}
    used = set()
    for inner in _walk(tree, with_bases=False):
        if isinstance(inner, ast.Name | ast.Attribute) and isinstance(inner.ctx, ast.Load):
            used.add(inner.id if isinstance(inner, ast.Name) else inner.attr)
        elif id(inner) not in top:  # what functions import, comes later
            steps += _imports(inner, ())
    return Definitions(
        classes=tuple(classes),
        functions=tuple(_method(node, branches, bindings) for node, branches in functions if node.name.startswith("test")),
        steps=tuple(steps),
        used=frozenset(used),
    )


def under(branches: Branches) -> str:
    """Say under what a definition stands, as in `under an `if` (line 3)`; nothing if under nothing."""
    if not branches:
        return ""
    line, _, _, word = branches[-1]
    return f"under {'an' if word[0] in 'aeiou' else 'a'} `{word}` (line {line})"


def _walk(*nodes: ast.AST, not_in: tuple[type[ast.AST], ...] = (), with_bases: bool = True) -> Iterator[ast.AST]:
    """Walk through all that is below these nodes, in no order, but into nothing `not_in`. As `ast.walk`, in half its time."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        for field in node._fields:
            child = getattr(node, field, None)
            children = child if isinstance(child, list) else (child,)
            if with_bases or field != "bases":
                waiting += [
                    one for one in children if isinstance(one, ast.AST) and one._fields and not isinstance(one, not_in)
                ]


def dotted_name(node: ast.expr) -> str:
    """Return the name of what a class derives from, or is decorated with, as in `common.Case`; empty if it has none."""
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript):
            node = node.value
        else:
            return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _statements(body: Sequence[ast.stmt], branches: Branches = ()) -> Iterator[tuple[ast.stmt, Branches]]:
    """List the statements of a scope with those below its `if`s, `try`s and the like, but of no scope within."""
    for statement in body:
        yield statement, branches
        for number, word, block in _blocks(statement):
            yield from _statements(block, (*branches, (statement.lineno, statement.col_offset, number, word)))


def _blocks(statement: ast.stmt) -> Iterator[tuple[int, str, list[ast.stmt]]]:
    """Part a statement into blocks; of those with different numbers only one is run to its end."""
    if isinstance(statement, ast.Try) or type(statement).__name__ == "TryStar":
        yield 0, "try", statement.body  # type: ignore[attr-defined]
        yield from ((number, "except", handler.body) for number, handler in enumerate(statement.handlers, 1))  # type: ignore[attr-defined]
        yield 0, "try", statement.orelse  # type: ignore[attr-defined]
        yield -1, "try", statement.finalbody  # type: ignore[attr-defined]
    elif isinstance(statement, ast.Match):
        yield from ((number, "match", case.body) for number, case in enumerate(statement.cases))
    elif word := _WORDS.get(type(statement)):
        yield 0, word, statement.body  # type: ignore[attr-defined]
        yield int(word == "if"), word, getattr(statement, "orelse", [])


def _excludes(one: Branches, other: Branches) -> bool:
    """Tell whether only one of two definitions can be reached: they stand in different branches of the same statement."""
    for (*place, number, _), (*other_place, other_number, _) in zip(one, other, strict=False):
        if place != other_place:
            return False
        if number != other_number:
            return -1 not in (number, other_number)  # what is under `finally` is always reached
    return False


def _gone(name: str, line: int, branches: Branches, bindings: _Bindings) -> str:
    """Say by what a definition loses its name later; nothing if it keeps it."""
    same = bindings.get(name, [])
    for at in range(bisect_right(same, line, key=lambda binding: binding.line), len(same)):
        binding = same[at]
        if not _excludes(branches, binding.branches):
            again = "" if binding.word == "deleted" else " again"
            return f"{binding.word}{again} at line {binding.line}"
    return ""


def _by_name(statements: Iterable[tuple[ast.stmt, Branches]]) -> _Bindings:
    names: _Bindings = {}
    for statement, branches in statements:
        for binding in _bindings(statement, branches):
            names.setdefault(binding.name, []).append(binding)
    return names


def _steps(statement: ast.stmt, branches: Branches) -> Iterator[Import | Binding]:
    imports = list(_imports(statement, branches))
    yield from imports or _bindings(statement, branches)


def _imports(node: ast.AST, branches: Branches) -> Iterator[Import]:
    if isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield Import(node.module or "", node.level, alias.name, alias.asname or alias.name, branches)
    elif isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(alias.name, 0, "", alias.asname or "", branches)


def _bindings(statement: ast.stmt, branches: Branches) -> Iterator[Binding]:
    """List the names that a statement itself binds anew; not where it makes the new thing of the old one."""
    line = statement.lineno
    if isinstance(statement, _Function | ast.ClassDef):
        if statement.name not in _loaded(*statement.decorator_list):
            yield Binding(statement.name, line, branches, "defined")
    elif isinstance(statement, ast.Import | ast.ImportFrom):
        for alias in statement.names:
            yield Binding(alias.asname or alias.name.partition(".")[0], line, branches, "bound")
    elif not isinstance(statement, ast.AugAssign):
        made_of = _loaded(statement.value) if isinstance(statement, ast.Assign) else frozenset()
        declares = isinstance(statement, ast.AnnAssign) and statement.value is None
        for node in () if declares else _walk(statement, not_in=_NOT_OF_A_STATEMENT):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
                yield Binding(node.id, line, branches, "deleted")
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id not in made_of:
                yield Binding(node.id, line, branches, "bound")


def _loaded(*nodes: ast.AST) -> frozenset[str]:
    return frozenset(inner.id for node in nodes for inner in _walk(node) if isinstance(inner, ast.Name))


def _classes(
    statements: Iterable[tuple[ast.stmt, Branches]], bindings: _Bindings, prefix: str, scope: str
) -> Iterator[TestClass]:
    for node, branches in statements:
        if isinstance(node, ast.ClassDef):
            body = list(_statements(node.body))
            inner = _by_name(body)
            name = f"{prefix}{node.name}"
            yield TestClass(
                name=name,
                line=node.lineno,
                branches=branches,
                scope=scope,
                bases=tuple(base for base in map(dotted_name, node.bases) if base != "object"),
                tags=_tags(node),
                own_tags=_own_tags(body),
                methods=tuple(_methods(body, inner)),
                is_model=not inner.keys().isdisjoint(("_name", "_inherit", "_inherits")),
                gone=_gone(node.name, node.lineno, branches, bindings),
                test_names=frozenset(name for name in inner if name.startswith("test")),
            )
            yield from _classes(body, inner, f"{name}.", f"the class {node.name}")


def _methods(body: Iterable[tuple[ast.stmt, Branches]], bindings: _Bindings) -> Iterator[Method]:
    """List the methods of a class, and what has a method's `self` and a test's name, but is indented too deep to be one."""
    for node, branches in body:
        if isinstance(node, _Function):
            yield _method(node, branches, bindings)
            for inner, inner_branches in _statements(node.body):
                if isinstance(inner, _Function) and inner.name.startswith("test") and _first(inner) == "self":
                    yield replace(_method(inner, inner_branches, {}), inside=node.name)


def _first(node: _Function) -> str:
    return node.args.args[0].arg if node.args.args else ""


def _method(node: _Function, branches: Branches, bindings: _Bindings) -> Method:
    decorators = {dotted_name(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    first = _first(node)
    asserts, yields, uses = False, False, set()
    for inner in _walk(node):
        if isinstance(inner, ast.Attribute):
            owner = inner.value
            if isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name) and owner.func.id == "super":
                uses.add(f".{inner.attr}")
            elif isinstance(owner, ast.Name) and owner.id == first:
                uses.add(inner.attr)
                asserts = asserts or inner.attr.startswith(("assert", "fail", "skipTest", "subTest"))
            elif inner.attr.startswith("test") and (name := dotted_name(owner)):
                uses.add(f"{name}.{inner.attr}")
        yields = yields or isinstance(inner, ast.Yield | ast.YieldFrom)
    return Method(
        name=node.name,
        line=node.lineno,
        branches=branches,
        is_async=isinstance(node, ast.AsyncFunctionDef),
        yields=yields and _yields(node),
        decorators=frozenset(decorators),
        asserts=asserts,
        uses=frozenset(uses),
        gone=_gone(node.name, node.lineno, branches, bindings),
        returns=_returns(node.body),
    )


def _returns(body: Sequence[ast.stmt]) -> bool:
    """Tell whether the first statement that does anything is a bare `return`, and others follow it."""
    for number, statement in enumerate(body):
        if isinstance(statement, ast.Return):
            is_bare = statement.value is None or isinstance(statement.value, ast.Constant)
            return is_bare and number + 1 < len(body)
        if not isinstance(statement, ast.Pass) and not (
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        ):
            return False
    return False


def _yields(method: _Function) -> bool:
    """Tell whether the function itself, not one that is defined in it, holds a `yield`."""
    own = [statement for statement in method.body if not isinstance(statement, _SCOPES)]
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in _walk(*own, not_in=_SCOPES))


def _tags(node: ast.ClassDef) -> tuple[str, ...] | None:
    """Return the tags of a class's decorators, the innermost first."""
    tags: list[str] = []
    for decorator in reversed(node.decorator_list):
        if isinstance(decorator, ast.Call) and dotted_name(decorator).rpartition(".")[2] == "tagged":
            if not all(isinstance(argument, ast.Constant) for argument in decorator.args):
                return None
            tags += [str(argument.value) for argument in decorator.args if isinstance(argument, ast.Constant)]
    return tuple(tags)


def _own_tags(body: Iterable[tuple[ast.stmt, Branches]]) -> tuple[str, ...] | None:
    for node, _ in body:
        if isinstance(node, ast.Assign) and any(
            isinstance(name, ast.Name) and name.id == "test_tags" for name in node.targets
        ):
            constants = (inner for inner in ast.walk(node.value) if isinstance(inner, ast.Constant))
            return tuple(str(constant.value) for constant in constants)
    return None
