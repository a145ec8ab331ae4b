"""What a module uses of modules that it does not depend on: on a prepared database it would find them there all the same.

Odoo installs some modules by itself (`web` with `base`). Into an empty database it installs them together with the module
under test, in the order of depth and name, mostly after it; in a prepared database they are there before. A module that uses
one of them without depending on it then passes only by chance. So what passes on a prepared database is looked through, and
tested again on an empty one if it uses anything of theirs.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from runner.naming import is_module_name
from runner.odoo.addons import MANIFEST
from runner.odoo.source_file import UnreadableSource, read_source, source_files
from runner.snapshots.mentions import Names, Use, uses_in

# Read by Odoo while it loads a module; scripts and styles are put together later, from whatever is installed then.
_READ_IN_ORDER = (".py", ".xml", ".csv")
# In bytes; data are longer than programs.
_LONGEST = {".py": 500_000, ".xml": 5_000_000, ".csv": 5_000_000}
_KINDS = {"module": "the module {}", "model": "the model {}", "field": "the field {}"}
_KNOWN = ("own_module", "own_model")

# `depends`: all that a module needs. `akin`: that, itself, and all that needs it. In arrays, as PostgreSQL misjudges joins of
# tables that were just filled: this takes 10 ms, joins took up to 2 s.
_QUERY = """
with recursive needs(module, name) as (
    select name, name from ir_module_module where state = 'installed'
    union
    select name, 'base' from ir_module_module where state = 'installed'
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
having bool_or(m.modules && t.depends) and bool_and(not f.modules && t.akin)
or bool_or(m.modules && t.depends and t.module = any(f.modules) and not f.modules && t.depends and not f.modules <@ t.akin)
union all
select t.module, 'own_module', m.name from tested t join ir_module_module m on m.name = any(t.depends) or m.name = t.module
where not exists (select from ir_model_fields f where f.name = m.name and f.relation is not null)
union all
select t.module, 'own_model', m.model from tested t join models m on m.modules && t.depends or m.modules <@ t.akin
where m.model like '%.%'
"""


def undeclared_names_query(modules: Sequence[str]) -> str:
    """Return the query whose lines `MODULE KIND NAME` are the undeclared names of these modules, once all are installed.

    The kinds of `_KNOWN` are what is declared, for those who tell one from the other.
    """
    assert all(is_module_name(module) for module in modules)
    return _QUERY.format(names=", ".join(f"'{module}'" for module in modules))


def parse_undeclared_names(answer: str) -> dict[str, Names]:
    """Read what `undeclared_names_query` printed, by module."""
    names: dict[str, dict[str, set[str]]] = {}
    for line in answer.splitlines():
        words = line.split(" ")
        if len(words) == 3 and words[1] in (*_KINDS, *_KNOWN):
            module, kind, name = words
            names.setdefault(module, {}).setdefault(kind, set()).add(name)
    return dict(names)


def undeclared_uses_in(folders: Mapping[str, Path], names: Mapping[str, Names]) -> list[str]:
    """Return what the sources in `folders`, by module, use of their undeclared names, each in a sentence."""
    uses = []
    for module, folder in folders.items():
        if names.get(module):
            seen: set[Use] = set()
            try:
                for file, (kind, name) in _uses(folder, names[module]):
                    if (kind, name) not in seen:
                        seen.add((kind, name))
                        uses.append(f"{module} mentions {_KINDS[kind].format(name)} ({file}), on which it does not depend")
            except UnreadableSource as error:
                uses.append(f"not all sources of {module} can be read: one {error}")
    return uses


def _uses(folder: Path, names: Names) -> Iterator[tuple[Path, Use]]:
    for file in source_files(folder, folder, *_READ_IN_ORDER):
        if file.name != MANIFEST:
            content = read_source(file, folder, _LONGEST[file.suffix])
            yield from ((file.relative_to(folder), use) for use in uses_in(file, content, names))
