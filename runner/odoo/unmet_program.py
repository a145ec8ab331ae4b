"""What a module needs and Odoo does not find: modules, Python packages and programs.

The text of this file is run in the odoo container, by Odoo's own Python and its own functions, so that nothing is called
missing that Odoo of this series would find. Nothing of a module is imported. Python 3.7 or newer.
"""

from __future__ import annotations

import ast
import importlib
import json
import os
import shutil
import sys
from typing import Any

_MANIFESTS = ("__manifest__.py", "__openerp__.py")
_MOST = 20


def unmet(wanted: list[str], places: list[str], check: Any, find: Any) -> dict[str, Any]:
    """Walk through what the modules `wanted` depend on, in the folders `places`, and tell what is not there, and who needs it.

    `check` and `find` are Odoo's: they raise an exception for a Python package or a program that is not there.
    """
    modules: dict[str, str] = {}
    packages: dict[str, tuple[str, str, str]] = {}
    programs: dict[str, tuple[str, str]] = {}
    waiting, seen = [(module, "") for module in wanted], set(wanted)
    while waiting:
        name, needed_by = waiting.pop()
        folder = next((f"{place}/{name}" for place in places if _is_module(f"{place}/{name}")), "")
        if not folder:
            modules[name] = needed_by
        manifest = _manifest(folder)
        others = [other for other in _names(manifest.get("depends")) if other not in seen]
        seen.update(others)
        waiting += [(other, name) for other in others]
        external = manifest.get("external_dependencies")
        external = external if isinstance(external, dict) else {}
        # How Debian calls them: `apt` is of Odoo, `deb` of the OCA.
        apt = external.get("apt")
        apt = apt if isinstance(apt, dict) else {}
        deb = ", ".join(_names(external.get("deb")))
        for package in _names(external.get("python")):
            why = _failure(check, package)
            if why:
                packages.setdefault(package, (name, why, str(apt.get(package, ""))))
        for program in _names(external.get("bin")):
            if _failure(find, program):
                programs.setdefault(program, (name, deb))
    kinds: dict[str, dict[str, Any]] = {"modules": modules, "packages": packages, "programs": programs}
    return {kind: dict(list(missing.items())[:_MOST]) for kind, missing in kinds.items()}


def _is_module(folder: str) -> bool:
    return any(os.path.isfile(f"{folder}/{manifest}") for manifest in _MANIFESTS) or os.path.isfile(f"{folder}.zip")


def _manifest(folder: str) -> dict[str, Any]:
    """What the manifest holds; nothing where it cannot be read, which is told elsewhere."""
    for manifest in _MANIFESTS:
        try:
            with open(f"{folder}/{manifest}", encoding="utf-8") as file:
                content = ast.literal_eval(file.read())
        except (OSError, ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            continue
        return content if isinstance(content, dict) else {}
    return {}


def _names(value: Any) -> list[str]:
    return [name for name in value if isinstance(name, str)] if isinstance(value, (list, tuple, set)) else []


def _failure(function: Any, name: str) -> str:
    try:
        function(name)
    except Exception as error:  # noqa: BLE001 - of each series another one
        return str(error) or type(error).__name__
    return ""


def _check_as_odoo_14(package: str) -> None:
    """Raise an exception for a Python package that is not there, as Odoo 14 and 15 do within a method of a model."""
    of_setuptools = importlib.import_module("pkg_resources")
    try:
        of_setuptools.get_distribution(package)
    except of_setuptools.DistributionNotFound:
        importlib.import_module(package)


def main(wanted: list[str], options: list[str]) -> None:
    """Print what is not there, in a line, for an Odoo that is started with these options."""
    # As for Odoo's own program, whose folder Python looks into.
    sys.path[0] = os.path.dirname(os.path.realpath(shutil.which("odoo") or ""))
    config = importlib.import_module("odoo.tools").config
    config.parse_config(options)
    of_odoo = importlib.import_module("odoo.modules.module")
    of_odoo.initialize_sys_path()
    places = list(importlib.import_module("odoo.addons").__path__)
    find = importlib.import_module("odoo.tools.misc").find_in_path
    check = getattr(of_odoo, "check_python_external_dependency", _check_as_odoo_14)
    answer = unmet(wanted, places, check, find)
    series = importlib.import_module("odoo.release").version_info[0]
    sys.stdout.write(json.dumps({**answer, "series": series}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1].split(","), sys.argv[2:])
