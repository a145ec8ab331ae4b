"""Whether a module's tests make Odoo generate its assets bundles, which takes some ten seconds in every run."""

import re
from pathlib import Path

from runner.odoo.source_file import UnreadableSource, read_source, source_files

# Odoo does so before the first HttpCase that runs after the installation; test cases of other modules derive from it.
_OVER_HTTP = re.compile(rb"Http\w*Case|HttpCommon|\b(?:url_open|start_tour|browser_js)\(")


def asks_over_http(module: Path) -> bool:
    """Tell whether the tests of the module in this folder look like it; a wrong answer costs time and changes no verdict."""
    try:
        return any(_OVER_HTTP.search(read_source(file, module)) for file in source_files(module / "tests", module, ".py"))
    except UnreadableSource:  # or there are none
        return False
