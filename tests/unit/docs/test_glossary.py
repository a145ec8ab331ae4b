"""The glossary's words are those of the code."""

import re

import pytest

from tests.unit.docs.markdown import rows
from tests.unit.processes import ROOT

GLOSSARY = (ROOT / "docs/glossary.md").read_text()
SOURCES = "\n".join(file.read_text() for file in (ROOT / "runner").rglob("*.py"))


@pytest.mark.parametrize("name", re.findall(r"in code `(\w+)`", GLOSSARY))
def test_a_name_that_it_gives_is_defined_in_the_code(name: str) -> None:
    assert re.search(rf"\b(?:class|def) {name}\b", SOURCES)


def test_every_word_has_one_meaning() -> None:
    words = [cells[0] for cells in rows(GLOSSARY) if cells[0] not in ("word", "state")]
    assert len(words) > 20
    assert sorted(words) == sorted(set(words))
