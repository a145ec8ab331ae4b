"""Whether a module's tests make Odoo generate its assets bundles, for some ten seconds, and whether it does that itself."""

import re
from collections.abc import Iterable
from pathlib import Path

from runner.odoo.source_file import UnreadableSource, read_source, source_files

# Odoo does so before the first HttpCase that runs after the installation; test cases of other modules derive from it.
_OVER_HTTP = re.compile(rb"Http\w*Case|HttpCommon|\b(?:url_open|start_tour|browser_js)\(")

# A bundle is known by its files: a module that makes or keeps it in another way does not have Odoo make it anew.
_MAKES_THEM = re.compile(
    rb"""assetsbundle|ir_(?:qweb|asset)\b|js_transpiler|_inherit\s*=[^=]{0,200}?["']ir\.(?:qweb|asset|attachment)["']"""
)


def asks_over_http(module: Path) -> bool:
    """Tell whether the tests of the module in this folder look like it; a wrong answer costs time and changes no verdict."""
    try:
        return any(_OVER_HTTP.search(read_source(file, module)) for file in source_files(module / "tests", module, ".py"))
    except UnreadableSource:  # or there are none
        return False


def makes_them(modules: Iterable[Path]) -> bool:
    """Tell whether one of these modules looks as if it had a part in how bundles are made or kept, so that none may be there.

    What cannot be read looks like it, too.
    """
    try:
        files = ((file, module) for module in modules for file in source_files(module, module, ".py"))
        return any(_MAKES_THEM.search(read_source(file, module)) for file, module in files)
    except UnreadableSource:
        return True
