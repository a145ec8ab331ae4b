"""What the parts of a Python program are: texts for people, code in strings, imports, attributes that can be no field."""

import ast
import re
from collections.abc import Iterable, Iterator

_PACKAGE = re.compile(r"(?:odoo|openerp)\.addons\.(\w+)")

# Calls of Python whose strings are texts for people, and those whose strings are code.
_SAY = {"_", "_lt", "skipTest", "skip", "fail", "print"}
_LOG = {"debug", "info", "warning", "warn", "error", "exception", "critical"}
_SAY_BY_KEYWORD = {"help", "msg"}
_RUN = {"execute", "executemany", "execute_values", "SQL", "safe_eval", "literal_eval", "eval", "exec", "query"}
# Calls that ask the server for an address, whose first part is the module of its route, or belongs to one.
REQUESTS = {"url_open", "start_tour", "browser_js", "phantom_js", "make_jsonrpc_request", "get", "post", "request"}
_ADDRESS = re.compile(r"0?/(\w+)(?![\w.])")
ROUTES = {"odoo": "web", "websocket": "bus", "longpolling": "bus", "xmlrpc": "rpc", "jsonrpc": "rpc", "json": "rpc"}
# What `from odoo import` gives that is no package.
_NO_PACKAGES = {"_", "_lt", "Command", "SUPERUSER_ID"}


class PythonParts:
    """What parts of a program are: by their place, not by what they say.

    `without_effect`: strings that stand for themselves, as docstrings, and what only type checkers read. `texts`: for people.
    `code`: strings that are run. `no_fields`: attributes that are called, or of a Python module. `packages`: modules that are
    imported, or asked by their routes.
    """

    def __init__(self, tree: ast.Module, *, in_string: bool) -> None:
        self.without_effect: set[ast.AST] = set()
        self.texts: set[ast.AST] = set()
        self.code: set[ast.AST] = set()
        self.no_fields: set[ast.AST] = set()
        self.packages: set[str] = set()
        self._python_modules: set[str] = set()
        nodes = list(_run(tree, self.without_effect, in_string=in_string))
        for node in nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node)
        for node in nodes:
            if isinstance(node, ast.Call):
                self._call(node)
            elif isinstance(node, ast.Attribute):
                if isinstance(node.value, ast.Name) and node.value.id in self._python_modules:
                    self.no_fields.add(node)
                self.packages.update(_PACKAGE.findall(_dotted(node)))
            elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                self._are_texts(node.exc.args)
            elif isinstance(node, ast.Assert) and node.msg:
                self._are_texts([node.msg])
            elif isinstance(node, ast.Assign) and any(_dotted(target) == "_description" for target in node.targets):
                self._are_texts([node.value])

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        is_plain = isinstance(node, ast.Import)
        source = "" if isinstance(node, ast.Import) else "." * node.level + (node.module or "")
        for alias in node.names:
            name = alias.name if is_plain else f"{source}.{alias.name}"
            self.packages.update(_PACKAGE.findall(name))
            if is_plain or not source.strip(".") or (source == "odoo" and alias.name not in _NO_PACKAGES):
                self._python_modules.add(alias.asname or alias.name.partition(".")[0])

    def _call(self, node: ast.Call) -> None:
        self.no_fields.add(node.func)
        called = node.func.attr if isinstance(node.func, ast.Attribute) else _dotted(node.func)
        on = _dotted(node.func.value) if isinstance(node.func, ast.Attribute) else ""
        if called in _SAY or (called in _LOG and "log" in on.lower()):
            self._are_texts(node.args)
        elif called in _RUN:
            self.code.update(node.args)
        elif called in REQUESTS:
            for match in filter(None, (_ADDRESS.match(value_of(part)) for part in node.args)):
                self.packages.add(ROUTES.get(match[1], match[1]))
        elif called == "split" and isinstance(node.func, ast.Attribute):
            self.code.add(node.func.value)
        labels = _SAY_BY_KEYWORD | ({"string"} if on == "fields" else set())
        self._are_texts([keyword.value for keyword in node.keywords if keyword.arg in labels])

    def _are_texts(self, nodes: Iterable[ast.expr]) -> None:
        for node in nodes:
            is_formatted = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format"
            text = node.func.value if is_formatted else node  # type: ignore[attr-defined] # mypy forgets what is_formatted says
            if value_of(text):
                self.texts |= {text, *pieces_of(text)}


def _run(tree: ast.Module, without_effect: set[ast.AST], *, in_string: bool) -> Iterator[ast.AST]:
    """Go through all that has an effect, and add what has none to `without_effect`."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and _dotted(node.test).rpartition(".")[2] == "TYPE_CHECKING":
            without_effect.update(node.body)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant) and not in_string:
                without_effect.add(child)
            if child not in without_effect:
                waiting.append(child)


def value_of(node: ast.AST | None) -> str:
    """Return the string that an expression is, or is put together from, with 0 for what is not known; empty for no string."""
    if isinstance(node, ast.Constant):
        value = node.value.decode(errors="replace") if isinstance(node.value, bytes) else node.value
        return value if isinstance(value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(value_of(part) or "0" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return value_of(node.left)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = value_of(node.left), value_of(node.right)
        return f"{left or '0'}{right or '0'}" if left or right else ""
    return ""


def pieces_of(node: ast.AST | None) -> Iterator[ast.AST]:
    """Name the parts of an expression that are in its `value_of`."""
    waiting = [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ast.Constant | ast.JoinedStr | ast.BinOp):
            yield part
        if isinstance(part, ast.JoinedStr):
            waiting += part.values
        elif isinstance(part, ast.BinOp):
            waiting += [part.left, *([part.right] if isinstance(part.op, ast.Add) else [])]


def _dotted(node: ast.AST) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def bound_in(node: ast.ClassDef) -> Iterator[str]:
    """Name what the body of a class defines but methods: fields, in a model."""
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
        yield from (target.id for target in targets if isinstance(target, ast.Name))
