"""Which names of models, fields and modules the sources of a module use, read as what they are.

Python and XML are parsed, CSV is read by columns. So a word in a comment, in a docstring or in a text for people is no use of
a field that is called so, nor is the name in an external id of a module on which one depends. What cannot be parsed is
searched as text, and where it is not certain that a word is only text, it is a use: the tests then run once more, which is
never wrong.
"""

import ast
import codecs
import contextlib
import csv
import inspect
import io
import re
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePath
from typing import TypeAlias
from xml.parsers import expat

from runner.odoo.source_file import UnreadableSource, parse_source
from runner.snapshots.python_parts import REQUESTS, ROUTES, PythonParts, bound_in, pieces_of, value_of

# By kind. Looked for: `module`, `model`, `field`. Known to be declared: `own_model`; `own_module`, without those that are a
# field's name as well, so that what follows such a name and a dot can only be the rest of an external id.
Names: TypeAlias = Mapping[str, Set[str]]
# A kind, and a name of that kind.
Use: TypeAlias = tuple[str, str]

# Code within strings within code, no deeper: then it is searched as text.
_DEEPEST = 3
# In characters; what is longer is data.
_LONGEST_CODE = 100_000
_DEEPEST_ELEMENT = 1000
_WORDS = re.compile(r"\w+")
# Two strings that are put together.
_JOINT = re.compile(r"""["']\s*\+?\s*["']""")
# Of a word that is the path of a file or an address, in which no field can be meant.
_PATH = re.compile(
    r"(?!.*[?#]|/web/(?:image|content)\b)(?:(?:\.{0,2}/|[a-z]+:/?/).*"
    r"|.*\.(?:js|xml|s?css|png|jpe?g|gif|svg|csv|py|html?|pot?|txt|json|pdf|ico|woff2?|zip|xlsx?))"
)
# What code and queries have, also parts of them, and texts for people mostly do not.
_LIKE_CODE = re.compile(
    r"[=<>\[\]{}\\\t]|\S;\S|::|->|%\(|\w\("
    r"|\b(?:SELECT|FROM|WHERE|AND|OR|AS|ON|IN|SET|JOIN|BY|CASE|WHEN|INTO|VALUES|TABLE|COLUMN|LIMIT|HAVING|DISTINCT)\b"
    r"|(?i:^\s*(?:select|insert into|update|delete from|with|alter|create|drop|from|where|and|or|set|order by)\b"
    r"|\b(?:order by|group by|is null|is not null|left join|inner join|asc|desc)\b)"
)
# Expressions in a text: `{{ object.x }}`, `#{x}`, `${x}`.
_INLINE = re.compile(r"\{\{([^{}]*)\}\}|[#$]\{([^{}]*)\}")
# `%(module.name)d`: the number of the record with that external id.
_ID_IN_PERCENT = re.compile(r"%\(([\w.-]+)\)[ds]")
_MARKUP = re.compile(r"<[A-Za-z/!?][^<>]*>")
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")

# Attributes of XML that hold texts for people or settings of the display; those that hold external ids; and expressions.
_LABELS = {"string", "help", "placeholder", "confirm", "title", "alt", "aria-label", "name", "sum", "avg", "t-set", "t-as"}
_LABELS |= {"class", "style", "src", "href", "icon", "widget", "type", "js_class", "view_mode", "target", "mode", "position"}
_IDS = {
    "ref",
    "inherit_id",
    "t-call",
    "t-call-assets",
    "t-snippet",
    "t-inherit",
    "t-name",
    "groups",
    "group",
    "action",
    "parent",
    "id",
    "template",
}
_EXPRESSIONS = {"eval", "domain", "filter_domain", "context", "invisible", "readonly", "required", "column_invisible", "attrs"}
_EXPRESSIONS |= {"options", "search", "expr"}
# Columns and fields of records that hold texts for people, but in records about fields.
_TEXTS = {"name", "display_name", "description", "help", "note", "comment", "summary"}
_ABOUT_FIELDS = ("ir.model.fields", "ir.exports", "ir.default", "ir.property")


def uses_in(file: PurePath, content: bytes, names: Names) -> Iterable[Use]:
    """Name what this file of a module (.py, .xml or .csv) uses of `names`, each once."""
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = content.decode("utf-16" if is_wide else "utf-8", errors="replace")
    if not (wanted := _occurring(f"{file.stem} {text} {_JOINT.sub('', text)}", names)):
        return ()
    reader = _Reader(wanted, names)
    try:
        if file.suffix == ".py":
            reader.python(parse_source(content))
        elif file.suffix == ".xml":
            reader.xml(content)
        else:
            reader.csv(text, file.stem.partition("-")[0])
    except (SyntaxError, UnreadableSource, RecursionError, ValueError, csv.Error, expat.ExpatError):
        reader.text(text)
    return reader.uses


def _occurring(text: str, names: Names) -> dict[str, set[str]]:
    """Choose the names of which all words are in a text: few, most often none."""
    words = set(_WORDS.findall(text))
    if not words.isdisjoint(REQUESTS):
        words |= {ROUTES[word] for word in words.intersection(ROUTES)}
    fields = words | {word.removeprefix("search_").removeprefix("default_") for word in words}
    occurring = {
        "module": {name for name in names.get("module", ()) if not words.isdisjoint((name, f"module_{name}"))},
        "field": fields.intersection(names.get("field", ())),
        "model": {
            name
            for name in names.get("model", ())
            if words.issuperset(name.split(".")) or not words.isdisjoint((_table(name), f"model_{_table(name)}"))
        },
    }
    return {kind: of_kind for kind, of_kind in occurring.items() if of_kind}


def _parsed(text: str) -> ast.Module | None:
    """Parse what may be an expression or a program; within XML all lines but the first of one are indented."""
    for form in dict.fromkeys((text, inspect.cleandoc(text))):
        with contextlib.suppress(SyntaxError, UnreadableSource):
            return parse_source(form.encode(errors="replace"))
    return None


def _table(model: str) -> str:
    return model.replace(".", "_")


def _any_of(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)) or r"(?!)"


@dataclass
class _Reader:
    """Collects the `uses` of the `wanted` names; `names` are all that are known."""

    wanted: Mapping[str, Set[str]]
    names: Names
    uses: dict[Use, None] = field(default_factory=dict)
    _depth: int = 0

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str]]:
        modules, models, fields = (self.wanted.get(kind, set()) for kind in ("module", "model", "field"))
        tables = _any_of(map(_table, models))
        return {
            # An external id, a Python package, the record of the module itself.
            "module": re.compile(
                rf"(?<![\w./@-])({_any_of(modules)})\.(?=\w)|\b(?:addons\.|base\.module_)({_any_of(modules)})\b"
            ),
            # Its name, its external id.
            "model": re.compile(rf"(?<![\w.])({_any_of(models)})(?![\w.])|\bmodel_({tables})\b"),
            "table": re.compile(rf"(?<![\w.])({tables})\b"),
            "field": re.compile(rf"\b(?:search_)?(?:default_)?({_any_of(fields)})\b"),
        }

    @cached_property
    def _anything(self) -> re.Pattern[str]:
        names = [name for of_kind in self.wanted.values() for name in of_kind]
        return re.compile(_any_of([*names, *map(_table, self.wanted.get("model", ()))]))

    @cached_property
    def _own_ids(self) -> re.Pattern[str]:
        modules = _any_of(self.names.get("own_module", ()))
        return re.compile(rf"(?<![\w./@-])(?:{modules})\.\w+(?![\w.])")

    def _use(self, kind: str, name: str) -> None:
        if name in self.wanted.get(kind, ()):
            self.uses[kind, name] = None

    def _search(self, text: str, *kinds: str) -> None:
        for kind in kinds:
            for match in self._patterns[kind].finditer(text):
                name = next(group for group in match.groups() if group)
                self.uses["model" if kind == "table" else kind, name] = None

    def text(self, text: str) -> None:
        """Search a text in which any word may be any name."""
        self._search(self._without_own_models(text), "module", "model", "table")
        self._search(self._own_ids.sub("", self._without_own_models(text)), "field")

    def ids(self, text: str) -> None:
        """Search external ids and names of models."""
        self._search(self._without_own_models(text), "module", "model")

    def _without_own_models(self, text: str) -> str:
        own_models = self.names.get("own_model", ())
        return re.sub(r"[\w.]+", lambda match: "" if match[0] in own_models else match[0], text)

    def string(self, text: str) -> None:
        """Search a string, unless it is a text for people."""
        text = text.strip()
        if not self._anything.search(text):
            return
        is_markup = _MARKUP.search(text)
        if len(text.split()) <= 1 and not is_markup:
            self.ids(text)
            if not _PATH.fullmatch(text):
                self.text(text)
        elif not self._code(text):
            if is_markup:
                self._within(text, lambda: self.xml(f"<odoo>{_XML_DECLARATION.sub('', text)}</odoo>".encode()))
            if not text.startswith("<"):
                self._phrase(_MARKUP.sub(" ", text))

    def _phrase(self, text: str) -> None:
        """Search several words for expressions, and all of them if they look like code."""
        self._inline(text)
        if _LIKE_CODE.search(rest := _INLINE.sub("", text)):
            self.text(rest)

    def expression(self, text: str) -> None:
        """Search what Odoo evaluates."""
        if self._anything.search(text) and not self._code(text):
            self.text(text)

    def _code(self, text: str) -> bool:
        """Search an expression or a program of Python, as in domains; whether it is one."""
        if len(text) > _LONGEST_CODE:
            return False
        tree = _parsed(_ID_IN_PERCENT.sub("0", text))
        if tree is None:
            return False
        self.ids(" ".join(_ID_IN_PERCENT.findall(text)))
        self._within(text, lambda: self.python(tree, in_string=True))
        return True

    def _inline(self, text: str) -> None:
        for match in _INLINE.finditer(text):
            self.expression(match[1] or match[2] or "")
        self.ids(" ".join(_ID_IN_PERCENT.findall(text)))

    def _within(self, text: str, read: Callable[[], None]) -> None:
        self._depth += 1
        try:
            if self._depth > _DEEPEST:
                self.text(text)
            else:
                read()
        except (expat.ExpatError, RecursionError, ValueError):
            self.text(text)
        finally:
            self._depth -= 1

    def python(self, tree: ast.Module, *, in_string: bool = False) -> None:
        """Search a program. In a string also a plain name can be a field, as in domains and conditions of views."""
        parts = PythonParts(tree, in_string=in_string)
        strings = set()
        asks_for_modules = False
        waiting: list[ast.AST] = [tree]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.Attribute):
                asks_for_modules = asks_for_modules or node.attr == "_init_modules"
                if node not in parts.no_fields:
                    self._use("field", node.attr)
            elif isinstance(node, ast.Name) and in_string:
                self._use("field", node.id)
            elif isinstance(node, ast.keyword):
                self._search(node.arg or "", "field")
            elif isinstance(node, ast.ClassDef):
                for name in bound_in(node):
                    self._use("field", name)
            elif node not in parts.texts and (value := value_of(node)):
                strings.add(value)
                parts.texts.update(pieces_of(node))
                (self.text if node in parts.code else self.string)(value)
            waiting += (child for child in ast.iter_child_nodes(node) if child not in parts.without_effect)
        for package in parts.packages:
            self._use("module", package)
        if asks_for_modules or "ir.module.module" in strings:
            for name in strings:
                self._use("module", name)

    def xml(self, content: bytes) -> None:
        """Search a data file, or a view. expat.ExpatError for what is no XML, ValueError for one that defines entities."""
        elements: list[tuple[str, dict[str, str], list[str]]] = []
        models = [""]  # of the records around
        parser = expat.ParserCreate()
        parser.buffer_text = True

        def start(tag: str, attributes: dict[str, str]) -> None:
            elements.append((tag, attributes, []))
            if len(elements) > _DEEPEST_ELEMENT:
                raise ValueError("it is nested too deep")
            if tag == "record":
                models[0] = attributes.get("model", "")
            if elements[0][0] != "templates":  # those are of scripts, put together later from whatever is installed then
                for name, value in attributes.items():
                    self._attribute(tag, name, value)

        def say(text: str) -> None:
            elements[-1][2].append(text)

        def end(_tag: str) -> None:
            tag, attributes, texts = elements.pop()
            name = attributes.get("name", "")
            text = "".join(texts).strip()
            if elements and elements[0][0] == "templates":
                return
            if tag == "attribute" and name not in _LABELS:
                self._attribute("", name, text)
            elif tag == "field" and (name not in _TEXTS or models[0].startswith(_ABOUT_FIELDS)):
                self.string(text)
            else:
                self._inline(text)

        def refuse(*_: object) -> None:
            raise ValueError("it defines entities")

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = say
        parser.EntityDeclHandler = refuse
        parser.Parse(content, True)

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if name == "name" and tag in ("field", "groupby"):
            self._search(value, "field")
        elif name in _LABELS or name.startswith("t-attf-"):
            self._inline(value)
        elif name in _IDS:
            self.ids(value)
        elif name in _EXPRESSIONS or name.startswith("t-"):
            self.expression(value)
        else:
            self.string(value)

    def csv(self, text: str, model: str) -> None:
        """Search the records of a model. csv.Error for what is no CSV."""
        self._use("model", model)
        rows = csv.reader(io.StringIO(text), strict=True)
        header = next(rows, [])
        self._search(" ".join(header), "field")
        for row in rows:
            for column, value in zip(header, row, strict=False):
                if re.split("[:/]", column)[-1] == "id":
                    self.ids(value)
                elif column in _TEXTS and not model.startswith(_ABOUT_FIELDS):
                    self._inline(value)
                else:
                    self.string(value)
