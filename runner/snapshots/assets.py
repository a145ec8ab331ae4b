"""Whether a module's tests make Odoo generate its assets bundles, for some ten seconds, and whether it does that itself."""

import re
from collections.abc import Mapping
from pathlib import Path

from runner.odoo.source_file import UnreadableSource, read_source, source_files

# Odoo does so before the first HttpCase that runs after the installation; test cases of other modules derive from it.
_OVER_HTTP = re.compile(rb"Http\w*Case|HttpCommon|\b(?:url_open|start_tour|browser_js)\(")

# A bundle is known by its files: a module that makes, keeps or looks for it in another way may not find one from before.
_HAS_A_PART = re.compile(
    rb"""assetsbundle|ir_(?:qweb|asset|attachment)\b|["']ir\.(?:qweb|asset)["']|/web/assets|js_transpiler"""
    rb"""|\[\s*["']ir\.attachment["']\s*\]|_inherit\s*=[^=]{0,200}?["']ir\.attachment["']"""
)


def asks_over_http(module: Path) -> bool:
    """Tell whether the tests of the module in this folder look like it; a wrong answer costs time and changes no verdict."""
    try:
        return any(_OVER_HTTP.search(read_source(file, module)) for file in source_files(module / "tests", module, ".py"))
    except UnreadableSource:  # or there are none
        return False


def why_none_from_before(modules: Mapping[str, Path]) -> str:
    """Say which file looks as if it had a part in how bundles are made, kept or found, so that none may be there; "" if none.

    What cannot be read looks like it, too.
    """
    for name, module in modules.items():
        try:
            for file in source_files(module, module, ".py"):
                if found := _HAS_A_PART.search(read_source(file, module)):
                    return f"{name}/{file.relative_to(module)} has {' '.join(found[0].decode(errors='replace').split())}"
        except (UnreadableSource, ValueError) as error:
            return f"{name} cannot be read: {error}"
    return ""
