"""Assets bundles that a prepared database has from before: what a module changes about them counts all the same."""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.config.repositories import load

from .tiny_repository import ROOT, Started, environ_without_starter, judged_in, left

pytestmark = [pytest.mark.odoo, pytest.mark.timeout(600)]

_TESTS = '''
import re

from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestBundles(HttpCase):
    def bundles(self, path):
        """All that the page loads; by a name that does not say that this module looks for bundles."""
        found = re.findall(r'(?:src|href)="(/web/asset[s]/[^"]+)"', self.url_open(path).text)
        return "".join(self.url_open(address).text for address in found)

    def test_what_is_added_in_the_manifest_in_a_record_and_in_styles_is_there(self):
        loaded = self.bundles("/web/login")
        self.assertIn("added_in_the_manifest", loaded)
        self.assertIn("added_in_a_record", loaded)
        self.assertIn("#12ab34", loaded.lower())

    def test_what_is_replaced_is_gone_and_what_is_inherited_is_changed(self):
        self.authenticate("admin", "admin")
        loaded = self.bundles("/odoo")
        assert "added_in_its_place" in loaded
        assert 'odoo.define("@web/core/colorlist/colorlist"' not in loaded
        assert "data-inherited" in loaded
'''
_CHANGES = {
    "__init__.py": "",
    "__manifest__.py": """{
        "name": "Changes", "license": "LGPL-3", "depends": ["web"], "data": ["asset.xml"],
        "assets": {
            "web.assets_frontend": ["changes/static/src/added.js"],
            "web._assets_primary_variables": [("prepend", "changes/static/src/colour.scss")],
            "web.assets_backend": [
                ("replace", "web/static/src/core/colorlist/colorlist.js", "changes/static/src/instead.js"),
                "changes/static/src/inherits.xml",
            ],
        },
    }""",
    "asset.xml": """<odoo><record id="asset" model="ir.asset">
        <field name="name">one more</field>
        <field name="bundle">web.assets_frontend</field>
        <field name="path">changes/static/src/record.js</field>
    </record></odoo>""",
    "static/src/added.js": "window.added_in_the_manifest = 1;",
    "static/src/record.js": "window.added_in_a_record = 1;",
    "static/src/instead.js": "window.added_in_its_place = 1;",
    "static/src/colour.scss": "$o-brand-primary: #12ab34;\n$primary: #12ab34;\n",
    "static/src/inherits.xml": """<templates>
    <t t-name="changes.ColorList" t-inherit="web.ColorList" t-inherit-mode="extension">
        <xpath expr="//div" position="attributes"><attribute name="data-inherited">1</attribute></xpath>
    </t></templates>""",
    "tests/__init__.py": "from . import test_bundles\n",
    "tests/test_bundles.py": _TESTS,
}
_MAKES = {
    "__init__.py": "from . import bundle\n",
    "__manifest__.py": """{"name": "Makes", "license": "LGPL-3", "depends": ["web"]}""",
    "bundle.py": """
from odoo.addons.base.models.assetsbundle import AssetsBundle

_save = AssetsBundle.save_attachment


def _save_with_a_mark(self, extension, content):
    return _save(self, extension, content + "/* made by this module */")


AssetsBundle.save_attachment = _save_with_a_mark
""",
    "tests/__init__.py": "from . import test_bundles\n",
    "tests/test_bundles.py": _TESTS.partition("    def test_what_is_added")[0]
    + """    def test_its_mark_is_in_the_bundles(self):
        self.assertIn("made by this module", self.bundles("/web/login"))
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    for module, files in (("changes", _CHANGES), ("makes", _MAKES)):
        for name, content in files.items():
            file = tmp_path / "addons" / module / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
    repository = {
        "prefix": "assets-agent-test",
        "path": ".",
        "addons": ["addons"],
        "compose_file": str(ROOT / "docker-compose.agent.yml"),
        "ports": "18200-18209",
        "images": next(iter(load(ROOT, os.environ).repositories.values())).images.model_dump(),
    }
    (tmp_path / "repos.yaml").write_text(yaml.safe_dump({"repositories": {"assets": repository}}))
    yield tmp_path
    assert left("agent-test.repository=assets") == []


def _run(folder: Path, *words: str) -> tuple[int, str, dict[str, Any]]:
    command = [sys.executable, "-m", "runner", "run", "assets", *words, "--json", "report.json"]
    started = Started(command, folder, environ_without_starter() | {"PYTHONPATH": str(ROOT)}, patience=500)
    code = started.finish()
    assert (folder / "report.json").is_file(), started.output
    (judged,) = json.loads((folder / "report.json").read_text())["modules"]
    return code, started.output, judged_in(judged)


def test_a_module_that_changes_bundles_gets_the_same_report_with_and_without_those_from_before(folder: Path) -> None:
    code, output, from_before = _run(folder, "changes")
    assert (code, from_before["counts"]["ran"]) == (0, 2), output
    # Another run may have made them.
    log = (folder / "proof_of_execution_tests.log").read_text()
    assert "PREPARATION: assets" in log or re.search(r"^prepared database: .*\(assets\)", log, re.MULTILINE)
    code, output, without = _run(folder, "changes", "--no-snapshot")
    assert (code, without) == (0, from_before), output


def test_a_module_that_makes_bundles_itself_finds_none_from_before_and_the_log_says_why(folder: Path) -> None:
    code, output, _judged = _run(folder, "makes")
    assert code == 0, output
    log = (folder / "proof_of_execution_tests.log").read_text()
    assert "none from before, as makes/bundle.py has assetsbundle" in log
