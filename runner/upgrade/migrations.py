"""Which migration scripts of a module are for an update, which of them ran, and why others did not.

By Odoo's rules (`odoo/modules/migration.py`, 14 to 19): of `migrations` and `upgrades` the files `pre-`, `post-` and `end-` in
folders that are called by a version, above the one that is installed and up to that of the manifest.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from runner.odoo.source_file import UnreadableSource, parse_source, read_source, source_files
from runner.text import printable, shortened
from runner.verdict.beginning import Version
from runner.verdict.record import Record

FOLDERS = ("migrations", "upgrades")
# What is written in their place, and in which Odoo does not look.
_WRONG_FOLDERS = ("migration", "upgrade")
# `VERSION_RE` of 19, with a series in front or without one.
_VERSION = re.compile(
    r"((?:6\.1|[6-9]\.0|[1-9]\d+\.0|(?:7|8|9|10)\.saas~[1-9]\d*|saas~\d\d\.[1-9])\.)?(\d+\.\d+(?:\.\d+)?)", re.ASCII
)
_STAGES = ("pre-", "post-", "end-")
_LIKE_A_STAGE = re.compile(r"(pre|post|end)([-_]|$)", re.IGNORECASE)
_RAN = re.compile(r"module (\w{1,200}): Running migration (\[[>$]?([^\]>]{1,50})>?\] (.{1,300}?))\s*$")
# PostgreSQL's words, and those of Odoo 14 to 18.
_MISFIT = re.compile(
    r"contains null values|could not create unique index|is violated by some row|violates foreign key|"
    r"unable to (?:set NOT NULL|add constraint)",
    re.IGNORECASE,
)
_LONGEST = 300
# More are of no use to anybody.
_MOST = 1000
# On any change of the version.
_ALWAYS = "0.0.0"
_TESTS = "tests"


@dataclass
class Update:
    """What Odoo says of an update: the scripts that it ran, by module, version and name, and as it tells of them.

    `misfits`: the constraints that it could not add, as the rows from before do not satisfy them; it goes on without.
    """

    scripts: set[tuple[str, str, str]] = field(default_factory=set)
    told: list[str] = field(default_factory=list)
    misfits: dict[str, None] = field(default_factory=dict)

    def hear(self, record: Record) -> None:
        """Take account of a record."""
        if record.logger == "odoo.modules.migration" and len(self.told) < _MOST and (match := _RAN.match(record.message)):
            self.scripts.add((match[1], match[3], match[4]))
            self.told.append(f"{match[1]} {match[2]}")
        elif record.logger == "odoo.schema" and record.level in ("WARNING", "ERROR") and len(self.misfits) < _MOST:
            text = printable(shortened(" ".join(record.message.split()), _LONGEST))
            if _MISFIT.search(text):
                self.misfits[f"Odoo could not add a constraint, as rows from before do not satisfy it: {text}"] = None


@dataclass(frozen=True)
class Script:
    """A script in a module's folder: `path` in it, `version` the name of its folder, `name` without `.py`."""

    path: str
    version: str
    name: str
    content: bytes

    @property
    def is_meant_to_run(self) -> bool:
        """Tell whether it looks like a script: others may be modules that scripts use."""
        if _LIKE_A_STAGE.match(self.name):
            return True
        try:
            return any(
                isinstance(node, ast.FunctionDef) and node.name == "migrate" for node in parse_source(self.content).body
            )
        except (SyntaxError, UnreadableSource):
            return False


def scripts_not_run(folder: Path, before: Path, version: Version, update: Update) -> list[str]:
    """Say of each script in a module's `folder` that is new or another than in `before`, or was due, why it did not run.

    `version`: of the module, as the database had it before and after the update.
    """
    known = {script.path: script.content for script in _scripts(before)}
    told = []
    for script in _scripts(folder):
        is_due = not _why_not(script, version)
        is_changed = known.get(script.path) != script.content and script.is_meant_to_run
        if (is_due or is_changed) and (version.module, script.version, script.name) not in update.scripts:
            why = _why_not(script, version) or "Odoo did not run it"
            told.append(printable(f"the migration script {version.module}/{script.path} did not run: {why}"))
    return told


def _scripts(folder: Path) -> Iterator[Script]:
    for name in (*FOLDERS, *_WRONG_FOLDERS):
        try:
            files = list(source_files(folder / name, folder, ".py"))
        except UnreadableSource:  # as where there is none
            continue
        for file in files:
            path = file.relative_to(folder)
            if len(path.parts) == 3 and path.parts[1] != _TESTS:
                try:
                    yield Script(path.as_posix(), path.parts[1], path.stem, read_source(file, folder))
                except UnreadableSource:
                    yield Script(path.as_posix(), path.parts[1], path.stem, b"")


def _why_not(script: Script, version: Version) -> str:
    """Say by which rule Odoo does not run it; empty where it has to."""
    place = script.path.partition("/")[0]
    match = _VERSION.fullmatch(script.version)
    rules = (
        (place not in FOLDERS, f"Odoo looks in {' and '.join(FOLDERS)}, not in {place}"),
        (not script.name.startswith(_STAGES), "its name has to begin with pre-, post- or end-"),
        (not match, f"{script.version} is no version, such as 1.1 or 18.0.1.1.0"),
        (
            not is_higher(version),
            f"the version of {version.module} is not above that before ({version.before}): raise it in the manifest",
        ),
    )
    broken = [why for is_broken, why in rules if is_broken]
    if broken or not match or script.version == _ALWAYS:
        return broken[0] if broken else ""
    # Without a series in front it counts for the module's own part, whatever the series.
    parts = slice(0 if match[1] else 2, None)
    own, before, after = _numbers(script.version), _numbers(version.before)[parts], _numbers(version.after)[parts]
    if own <= before:
        return f"its version is not above that before ({version.before})"
    return "" if own <= after else f"its version is above that of the module ({version.after})"


def _numbers(version: str) -> list[int]:
    """Return the numbers of a version as Odoo compares them, without zeros at the end."""
    numbers = [int(number) for number in re.findall(r"\d{1,9}", version)]
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers


def is_higher(version: Version) -> bool:
    """Tell whether the update led to a higher version, without which Odoo runs no script."""
    return _numbers(version.after) > _numbers(version.before)
