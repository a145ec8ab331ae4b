"""The guide for contributors is complete."""

import re

from tests.unit.docs.markdown import rows, section
from tests.unit.processes import ROOT


def test_it_names_every_package() -> None:
    cells = [cells[0] for cells in rows(section((ROOT / "CONTRIBUTING.md").read_text(), "## Where what is"))]
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert named == {file.parent.name for file in (ROOT / "runner").glob("*/__init__.py")}
