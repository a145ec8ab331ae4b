"""What a module uses of modules that it does not depend on: on a prepared database it would find them there all the same.

Odoo installs some modules by itself (`web` with `base`). Into an empty database it installs them together with the module
under test, in the order of depth and name, mostly after it; in a prepared database they are there before. A module that uses
one of them without depending on it then passes only by chance. So what passes on a prepared database is looked through, and
tested again on an empty one if it so much as mentions anything of theirs.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from runner.errors import cause_of
from runner.naming import is_module_name
from runner.odoo.addons import MANIFEST

# Read by Odoo while it loads a module; scripts and styles are put together later, from whatever is installed then.
_READ_IN_ORDER = (".py", ".xml", ".csv")
_KINDS = {"module": "the module {}", "model": "the model {}", "field": "the field {}"}

# `depends`: all that a module needs. `akin`: that, itself, and all that needs it. In arrays, as PostgreSQL misjudges joins of
# tables that were just filled: this takes 10 ms, joins took up to 2 s.
_QUERY = """
with recursive needs(module, name) as (
    select name, name from ir_module_module where state = 'installed'
    union
    select n.module, d.name from needs n join ir_module_module m on m.name = n.name
    join ir_module_module_dependency d on d.module_id = m.id
), tested as materialized (
    select m.name::text as module,
        array(select n.name::text from needs n where n.module = m.name and n.name <> m.name) as depends,
        array(select n.name::text from needs n where n.module = m.name
              union select n.module::text from needs n where n.name = m.name) as akin
    from ir_module_module m where m.name in ({names})
), models as materialized (
    select i.id, i.model, array_agg(x.module::text) as modules
    from ir_model i join ir_model_data x on x.model = 'ir.model' and x.res_id = i.id group by i.id, i.model
), fields as materialized (
    select f.model_id, f.name, array_agg(x.module::text) as modules
    from ir_model_fields f join ir_model_data x on x.model = 'ir.model.fields' and x.res_id = f.id
    group by f.id, f.model_id, f.name
)
select t.module, 'module', m.name from tested t join ir_module_module m on m.state = 'installed' and m.name <> all (t.akin)
union all
select t.module, 'model', m.model from tested t join models m on not m.modules <@ t.akin and not m.modules && t.depends
union all
select t.module, 'field', f.name from tested t cross join fields f join models m on m.id = f.model_id
group by t.module, f.name
having bool_and(not f.modules && t.akin) and bool_or(m.modules && t.depends)
"""


# Names by kind, of modules that a module neither depends on nor is needed by.
UndeclaredNames = Mapping[str, set[str]]


def undeclared_names_query(modules: Sequence[str]) -> str:
    """Return the query whose lines `MODULE KIND NAME` are the undeclared names of these modules, once all are installed."""
    assert all(is_module_name(module) for module in modules)
    return _QUERY.format(names=", ".join(f"'{module}'" for module in modules))


def parse_undeclared_names(answer: str) -> dict[str, UndeclaredNames]:
    """Read what `undeclared_names_query` printed, by module."""
    names: dict[str, dict[str, set[str]]] = {}
    for line in answer.splitlines():
        words = line.split(" ")
        if len(words) == 3 and words[1] in _KINDS:
            module, kind, name = words
            names.setdefault(module, {}).setdefault(kind, set()).add(name)
    return dict(names)


def undeclared_uses_in(folders: Mapping[str, Path], names: Mapping[str, UndeclaredNames]) -> list[str]:
    """Return what the sources in `folders`, by module, mention of their undeclared names, each in a sentence."""
    uses = []
    for module, folder in folders.items():
        try:
            for kind, name, file in _mentions(folder, names.get(module, {})):
                where = file.relative_to(folder)
                uses.append(f"{module} mentions {_KINDS[kind].format(name)} ({where}), on which it does not depend")
        except OSError as error:
            uses.append(f"the sources of {module} cannot be read: {cause_of(error)}")
    return uses


def _mentions(folder: Path, names: UndeclaredNames) -> Iterable[tuple[str, str, Path]]:
    patterns = {kind: _pattern(kind, of_kind) for kind, of_kind in names.items()}
    seen = set()
    for file in sorted(folder.rglob("*")) if patterns else ():
        if file.suffix in _READ_IN_ORDER and file.name != MANIFEST and file.is_file():
            text = file.read_text(encoding="utf-8", errors="replace")
            for kind, pattern in patterns.items():
                for match in pattern.finditer(text):
                    name = next(group for group in match.groups() if group)
                    if (kind, name) not in seen:
                        seen.add((kind, name))
                        yield kind, name, file


def _pattern(kind: str, names: Iterable[str]) -> re.Pattern[str]:
    words = "|".join(re.escape(name) for name in sorted(names))
    if kind == "module":  # an external id, or an import
        return re.compile(rf"(?<![\w./@-])({words})\.(?=\w)|\baddons\.({words})\b")
    if kind == "model":  # its name, or its external id
        underscored = "|".join(sorted(name.replace(".", "_") for name in names))
        return re.compile(rf"(?<![\w.])({words})(?![\w.])|\bmodel_({underscored})\b")
    return re.compile(rf"\b({words})\b")
