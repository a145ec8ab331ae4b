"""docs/reference.md is what the code says, and leaves nothing out."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from runner.cli.arguments import known_options
from runner.cli.reference import reference
from runner.config.model import SECTIONS, Settings
from runner.errors import ExitCode
from tests.unit.docs.markdown import rows, section
from tests.unit.processes import ROOT

PUBLISHED = (ROOT / "docs/reference.md").read_text()
HELP = {"-h", "--help"}
# A variable of the environment that is looked up by its name. PGDATA is of a container, two others are every program's.
LOOKUP = re.compile(r"environ(?:\.get\(|\[)\"(?!PGDATA|PATH|HOME)(\w+)\"")


def named(heading: str) -> list[str]:
    """The first cells of the rows below a heading, without their backticks."""
    return [cells[0].replace("`", "") for cells in rows(section(PUBLISHED, heading))][1:]


def test_the_published_reference_is_current() -> None:
    assert reference(PUBLISHED) == PUBLISHED, "python -m runner.cli.reference docs/reference.md"


def test_the_command_of_the_docstring_makes_tables_anew_and_leaves_the_rest(tmp_path: Path) -> None:
    page = tmp_path / "reference.md"
    page.write_text(re.sub(r"^\| `(--\w|prefix).*\n", "", PUBLISHED, flags=re.MULTILINE))
    subprocess.run([sys.executable, "-m", "runner.cli.reference", str(page)], cwd=ROOT, check=True)
    assert page.read_text() == PUBLISHED


@pytest.mark.parametrize(
    ("subcommand", "option"),
    [(subcommand, option) for subcommand, options in known_options().items() for option in options if option not in HELP],
)
def test_every_option_has_a_row(subcommand: str, option: str) -> None:
    assert option in {word.rstrip(",") for words in named(f"### {subcommand}") for word in words.split()}


def test_every_key_of_repos_yaml_has_a_row() -> None:
    below = [f"{key}.{name}" for key, section in SECTIONS.items() for name in section.model_fields]
    assert sorted(named("## repos.yaml")) == sorted([*Settings.model_fields, *below])


def test_every_environment_variable_that_is_looked_up_has_a_row() -> None:
    sources = "\n".join(file.read_text() for file in (ROOT / "runner").rglob("*.py"))
    variables = {name for cell in named("## Environment variables") for name in cell.split(", ")}
    assert {*LOOKUP.findall(sources), "ODOO_IMAGE", "POSTGRES_IMAGE"} <= variables


def test_every_exit_code_has_a_row() -> None:
    codes = {int(number) for cell in named("## Exit codes") for number in cell.split(", ")}
    assert codes == {*map(int, ExitCode), 130, 143, 129}


def test_every_cell_is_filled() -> None:
    for cells in rows(PUBLISHED):
        assert all(cells), cells
