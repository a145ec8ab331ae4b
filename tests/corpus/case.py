"""A case of the corpus: a tiny addon, how its tests are run, and the verdict that they must get."""

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runner.config.model import Allow
from runner.errors import ExitCode
from runner.odoo.addons import MANIFEST as MANIFEST_FILE
from runner.odoo.command import DATABASE
from runner.run.ending import PAST_THEIR_TIME
from runner.verdict.odoolog import OdooLog
from runner.verdict.sources import read_sources
from runner.verdict.stacks import why_killed
from runner.verdict.terms import terms_of
from runner.verdict.verdict import Verdict, judge

Files = Mapping[str, str | None]
IMPORTS = """\
import logging
import os
import signal
import subprocess
import sys
import unittest

from odoo.tests import TransactionCase, tagged

_logger = logging.getLogger(__name__)
"""
# The series that the cases speak of; tests/corpus/series.py says in what others differ.
NEWEST = "19"
# Stands in a manifest for the series of Odoo by which the case is run.
_SERIES = "SERIES"
_MANIFEST = {"name": "Corpus", "version": f"{_SERIES}.0.1.0.0", "author": "Corpus", "license": "LGPL-3", "depends": ["base"]}


@dataclass(frozen=True)
class Case:
    """One addon, called `name`. `reasons` and `notes`: of each of the verdict's own, in their order, a telling part.

    `files`: relative to the addon, None for one that must not exist; `beside`: relative to the addons folder. `counts`: the
    tests that ran, failures, errors and skips. The rest: what the command line and the environment of Odoo say; of several
    `addons_folders` only the first exists. `series`: the Odoo whose version the manifests name. `twice`: run a second time on
    the same database, which is what is judged. `like`: the case that takes Odoo the same way, so that this one is run when it
    is recorded, and not in every test. `only_notes`: how many of the notes are no reasons even with `--strict`. `allow`: as in
    repos.yaml.
    """

    name: str
    about: str
    files: Files
    exit_code: ExitCode = ExitCode.PASSED
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    only_notes: int = 0
    allow: Allow = field(default_factory=Allow)
    allowed: tuple[str, ...] = ()
    counts: tuple[int, int, int, int] = (1, 0, 0, 0)
    beside: Files = field(default_factory=dict)
    init: str = ""
    tags: str | None = None
    timeout: float = 60.0
    addons_folders: int = 1
    environ: Mapping[str, str] = field(default_factory=dict)
    series: str = NEWEST
    twice: bool = False
    like: str = ""

    def write(self, addons: Path) -> Path:
        """Write the addon, and what lies beside it, into an addons folder; the addon's own folder."""
        addon = addons / self.name
        files: Files = {"__init__.py": "", "__manifest__.py": manifest(), **self.files}
        for folder, contents in ((addon, files), (addons, self.beside)):
            for name, content in contents.items():
                if content is not None:
                    file = folder / name
                    file.parent.mkdir(parents=True, exist_ok=True)
                    text = content.replace(_SERIES, self.series) if file.name == "__manifest__.py" else content
                    file.write_text(text, encoding="utf-8")
        return addon


@dataclass(frozen=True)
class Outcome:
    """What is left of a run of Odoo: its exit code and output, and what the database said afterwards."""

    odoo_exit: int
    output: bytes
    states: dict[str, str]
    timed_out: bool = False


def read_log(output: bytes, database: str = DATABASE) -> OdooLog:
    """Read a whole log at once."""
    odoo_log = OdooLog(database)
    odoo_log.feed(output)
    odoo_log.end()
    return odoo_log


def verdict_of(case: Case, outcome: Outcome, addon: Path, *, strict: bool = False) -> Verdict:
    """The verdict on a case whose addon was written to the folder `addon`."""
    modules = {folder.name: folder for folder in addon.parent.iterdir() if (folder / MANIFEST_FILE).is_file()}
    terms = terms_of(case.name, {case.name: addon, **modules}, case.allow)
    odoo_log = read_log(outcome.output)
    stacks = outcome.output.decode(errors="replace") if outcome.timed_out else ""
    return judge(
        module=case.name,
        odoo_exit=outcome.odoo_exit,
        log=odoo_log,
        states=outcome.states,
        timed_out=outcome.timed_out,
        why_killed=why_killed(odoo_log, stacks, PAST_THEIR_TIME) if outcome.timed_out else "",
        sources=read_sources(addon),
        strict=strict,
        test_tags=case.tags,
        own=terms.own,
        allowed=terms.allowed,
    )


def differences(case: Case, verdict: Verdict) -> list[str]:
    """In what a verdict differs from the expected one; empty if in nothing."""
    lines = []
    if verdict.exit_code != case.exit_code:
        lines.append(f"exit code {verdict.exit_code}, not {int(case.exit_code)}")
    texts = (
        ("reasons", case.reasons, verdict.reasons),
        ("notes", case.notes, verdict.notes),
        ("allowed", case.allowed, verdict.allowed),
    )
    for kind, expected, got in texts:
        if len(expected) != len(got) or any(part not in whole for part, whole in zip(expected, got, strict=False)):
            lines += [f"{kind}:", *(f"  expected: {part}" for part in expected), *(f"  found: {whole}" for whole in got)]
    counts = (verdict.ran, verdict.failed, verdict.errors, verdict.skipped)
    if counts != case.counts:
        lines.append(f"counts {counts}, not {case.counts}")
    return lines


def manifest(**changes: object) -> str:
    """A manifest with these keys changed; its version is of the series by which the case is run."""
    return f"{_MANIFEST | changes!r}\n"


def python(text: str) -> str:
    """A test file: the usual imports, then this."""
    return f"{IMPORTS}\n\n{textwrap.dedent(text).strip()}\n"


def test_file(text: str) -> dict[str, str | None]:
    """A `tests` folder with one file, `test_one`, that is imported."""
    return {"tests/__init__.py": "from . import test_one\n", "tests/test_one.py": python(text)}


def one_test(body: str) -> dict[str, str | None]:
    """A `tests` folder with one test, whose body this is."""
    lines = textwrap.indent(textwrap.dedent(body).strip(), " " * 8)
    return test_file(f"class TestOne(TransactionCase):\n    def test_one(self):\n{lines}\n")


test_file.__test__ = False  # type: ignore[attr-defined] # pytest would take the imported function for a test
PASSING = "class Test{0}(TransactionCase):\n    def test_{1}(self):\n        self.assertTrue(self.env.user)\n"


def passing(name: str = "One") -> str:
    """A test file with one class, TestNAME, and one test in it, test_name, that passes."""
    return python(PASSING.format(name, name.lower()))
