"""Which files of `tests` Odoo takes: it looks at the modules that `tests` has as attributes when it is imported.

Those are what tests/__init__.py binds, and every file right below `tests` that was imported by whatever file, since Python
then sets the attribute itself. Which of two files of one name wins is a matter of order, so the imports are replayed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from runner.verdict.definitions import Binding, Import, under

_NOT_IMPORTED = "tests/__init__.py does not import it"
# What an attribute of a package is: a file, by its dotted name; None for anything else.
_Attributes = dict[str, str | None]


@dataclass(frozen=True)
class Collection:
    """The attributes of `tests`: `files` by name, and under what tests/__init__.py imports them (empty for nothing)."""

    attributes: Mapping[str, str | None]
    conditions: Mapping[str, str]

    @property
    def imported(self) -> frozenset[str]:
        """Name the files that are attributes of `tests`, whatever these are called."""
        return frozenset(file for file in self.attributes.values() if file)

    @property
    def taken(self) -> frozenset[str]:
        """Name the files that Odoo takes: the attribute's name is what counts."""
        return frozenset(file for name, file in self.attributes.items() if file and name.startswith("test_"))

    def why_not(self, file: str) -> str:
        """Say why Odoo does not take a file; nothing if it does."""
        if file in self.taken:
            return ""
        if name := next((name for name, other in self.attributes.items() if other == file), ""):
            return f"tests/__init__.py imports it as `{name}`, which does not begin with `test_`"
        if file in self.attributes:
            other = self.attributes[file]
            words = f"is hidden by {other.replace('.', '/')}" if other else "is hidden by something else of its name"
            return f"its file {words} in tests/__init__.py"
        return _NOT_IMPORTED


def within(package: str, name: str) -> str:
    """Name what lies in a package, or in a folder whose name ends with `/`."""
    return f"{package}.{name}" if package and name and not package.endswith("/") else package + name


def below_tests(step: Import, file: str, *, is_package: bool, module: str) -> str | None:
    """Name below `tests` from where a statement in `file` imports, dotted; None if that is elsewhere."""
    if not step.level:
        return absolute(step.module, module)
    folder, slash, name = file.rpartition("/")
    parts = name.split(".") if name else []
    up = step.level - 1 if is_package else step.level
    if up == len(parts) + 1 and f"{step.module}.".startswith("tests."):
        return folder + slash + step.module[len("tests.") :]
    return folder + slash + within(".".join(parts[: len(parts) - up]), step.module) if up <= len(parts) else None


def absolute(name: str, module: str) -> str | None:
    """Name below the tests of `module` what Python knows by this name; None if that is elsewhere."""
    match = re.fullmatch(rf"odoo\.addons\.{re.escape(module)}\.(?:(migrations|upgrades)\.)?tests(?:\.(.*))?", name)
    return (f"{match[1]}/tests/" if match[1] else "") + (match[2] or "") if match else None


@dataclass
class _Replay:
    """Python's imports, as far as they are of `tests`: `steps` by file; what was run, and what its packages hold."""

    module: str
    steps: Mapping[str, tuple[Import | Binding, ...]]
    packages: frozenset[str]
    attributes: dict[str, _Attributes] = field(default_factory=dict)
    conditions: dict[str, str] = field(default_factory=dict)

    def load(self, file: str) -> None:
        """Import a file and the packages above it, each once."""
        parts = file.split(".") if file else []
        for end in range(len(parts) + 1):
            name = ".".join(parts[:end])
            if name in self.steps and name not in self.attributes:
                self.attributes[name] = {}
                for step in self.steps[name]:
                    self._take(step, name)
                if name:
                    package, _, last = name.rpartition(".")
                    self.attributes.setdefault(package, {})[last] = name

    def _take(self, step: Import | Binding, file: str) -> None:
        own = self.attributes[file]
        if isinstance(step, Binding):
            if step.name in own:
                own[step.name] = None
            return
        target = below_tests(step, file, is_package=file in self.packages, module=self.module)
        if target is None:
            if step.bound in own:
                own[step.bound] = None
            return
        self.load(target)
        if step.name == "*":
            own |= {name: value for name, value in self.attributes.get(target, {}).items() if not name.startswith("_")}
        elif not step.name:
            own |= {step.bound: target} if step.bound else {}
        else:
            inner = within(target, step.name)
            if step.name not in self.attributes.get(target, {}):
                self.load(inner)
            value = self.attributes.get(target, {}).get(step.name)
            if value or step.bound in own:
                own[step.bound] = value
            for name in (value or target,) if not file else ():
                self.conditions[name] = self.conditions.get(name, "x") and under(step.branches)


def collect(module: str, steps: Mapping[str, tuple[Import | Binding, ...]], packages: frozenset[str]) -> Collection:
    """Replay the imports that begin with tests/__init__.py: `steps` by the dotted names of all files, packages among them."""
    replay = _Replay(module, steps, packages)
    replay.load("")
    return Collection(replay.attributes.get("", {}), replay.conditions)
