"""Run Odoo while coverage.py measures one module, and tell afterwards what of it ran.

The text of this file is run in the odoo container by Odoo's own Python, 3.7 or newer: see coverage_command.py. Of files of
the checkout, or of the image, that would configure coverage.py, none is read.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import tempfile
import warnings
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

# What no test of a module is meant to run: the tests themselves, the manifest, which Odoo reads and does not run, upgrade
# scripts, and what browsers get.
_OMITTED = ("__manifest__.py", "__openerp__.py", "tests/*", "migrations/*", "upgrades/*", "static/*")
# Bytes of the answer, beyond which it says that it is too long.
_LONGEST = 20000000
_MOST_NAMED = 20


def _coverage(folder: str, data: str, name: str) -> Any:
    from coverage import Coverage  # noqa: PLC0415 - that it is missing is an answer, too

    measured = Coverage(
        data_file=os.path.join(data, name),
        config_file=False,
        branch=True,
        source=[folder],
        omit=[os.path.join(folder, path) for path in _OMITTED],
        messages=False,
    )
    # Else a folder without __init__.py, which Odoo cannot import either, would not count at all.
    measured.set_option("report:include_namespace_packages", True)
    return measured


def run(folder: str, data: str, words: list[str]) -> None:
    """Run a Python program with its arguments, and write what of `folder` ran into `data` when it ends by itself.

    Nothing is traced before the first file of the folder is loaded: most of what Odoo does until then is to import itself.
    """
    folder = os.path.realpath(folder)
    load: Callable[[SourceFileLoader, str], CodeType | None] = SourceFileLoader.get_code
    measured: list[Any] = []
    tracing: list[object] = []

    def begin(self: SourceFileLoader, fullname: str) -> CodeType | None:
        if not measured and os.path.realpath(self.get_filename(fullname)).startswith(folder + os.sep):
            SourceFileLoader.get_code = load  # type: ignore[method-assign, assignment]
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    measured.append(_coverage(folder, data, f"coverage.{os.getpid()}"))
                    measured[0].start()
                tracing.append(sys.gettrace())
            except Exception as error:  # noqa: BLE001 - whatever it is, the tests go on, and `report` tells it
                _note(data, f"coverage.py does not start: {error}")
        return load(self, fullname)

    SourceFileLoader.get_code = begin  # type: ignore[method-assign, assignment]
    sys.argv[:], sys.path[0] = words, os.path.dirname(words[0])
    try:
        runpy.run_path(words[0], run_name="__main__")
    finally:
        if tracing:
            if sys.gettrace() is not tracing[0]:
                _note(data, "a test has put a trace function in the place of coverage.py's: what ran later is not counted")
            _end(measured[0], data)


def _end(measured: Any, data: str) -> None:
    """Write what was measured, all of it or nothing: Odoo ends as it does without."""
    try:
        with warnings.catch_warnings():  # which would stand in Odoo's log
            warnings.simplefilter("ignore")
            measured.stop()
            measured.save()
    except Exception as error:  # noqa: BLE001 - as of a name that is no UTF-8, or a full disk
        measured.erase()
        _note(data, f"coverage.py cannot keep what it measured: {error}")


def _note(data: str, text: str) -> None:
    with open(os.path.join(data, "notes"), "a") as file:
        file.write(text.replace("\n", " ") + "\n")


def report(folder: str, data: str) -> dict[str, Any]:
    """Return for each file, by its path in `folder`, the lines and branches that were executed and those that were not."""
    notes: list[str] = []
    if os.path.exists(os.path.join(data, "notes")):
        with open(os.path.join(data, "notes")) as file:
            notes = file.read(2000).splitlines()
    processes = [name for name in os.listdir(data) if name.startswith("coverage.")] if os.path.isdir(data) else []
    answer: dict[str, Any] = {"processes": len(processes), "notes": notes, "files": {}}
    if not processes:
        return answer
    folder = os.path.realpath(folder)
    measured = _coverage(folder, data, "coverage")
    measured.combine([data], strict=True)
    measured.get_data().add_arcs({})  # else there are no branches where nothing ran
    known = {os.path.realpath(path) for path in measured.get_data().measured_files()}
    with tempfile.TemporaryDirectory() as temporary:
        place = os.path.join(temporary, "report.json")
        measured.json_report(outfile=place, ignore_errors=True)
        with open(place) as file:
            files = json.load(file)["files"]
    for path, about in files.items():
        path = os.path.realpath(path)  # noqa: PLW2901
        known.discard(path)
        parts = ("executed_lines", "missing_lines", "executed_branches", "missing_branches")
        answer["files"][os.path.relpath(path, folder)] = [about[part] for part in parts]
    names = sorted(os.path.relpath(path, folder) for path in known)
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    if names:
        notes.append(f"not counted, as coverage.py cannot read it as Python: {', '.join(names[:_MOST_NAMED])}{more}")
    return answer


def main(action: str, folder: str, data: str, *words: str) -> None:
    """`run FOLDER DATA PROGRAM WORDS...`, or `report FOLDER DATA`, which prints its answer as JSON."""
    if action == "run":
        run(folder, data, list(words))
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answer = report(folder, data)
    except Exception as error:  # noqa: BLE001 - for a person
        answer = {"error": f"{type(error).__name__}: {error}"[:2000]}
    text = json.dumps(answer, separators=(",", ":"))
    sys.stdout.write(text if len(text) <= _LONGEST else '{"error": "there is too much of it"}')


if __name__ == "__main__":
    main(*sys.argv[1:])
