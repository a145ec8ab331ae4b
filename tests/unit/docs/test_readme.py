"""The README is complete, and what it shows can be used as it stands."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from runner.cli.arguments import known_options, parse
from runner.config import repositories as config
from runner.config.model import Images, Settings
from runner.errors import ConfigError, ExitCode
from tests.demonstrations.documents import sessions_of
from tests.unit.docs.test_documents import GUIDES
from tests.unit.processes import ROOT

README = (ROOT / "README.md").read_text()
HELP = {"-h", "--help"}
# Their words go to the runner's subcommand of this name, or of another.
SUBCOMMANDS = {name: name for name in known_options()} | {"odoo_tests": "run"}


def blocks(text: str) -> list[str]:
    """The blocks of code, which are indented by four spaces, or fenced."""
    indented = re.findall(r"(?:^(?: {4}.*)?\n)+", text, re.MULTILINE)
    fenced = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE).strip("\n") for block in indented if block.strip()] + fenced


def runner_commands(text: str) -> list[list[str]]:
    """The runner's arguments of each command in a block of code, those behind a session of nox included."""
    found = []
    for line in "\n".join(blocks(text)).splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True) if "nox -s" in line or "-m runner" in line else []
        if words[:3] == ["python", "-m", "runner"]:
            found.append(words[3:])
        elif words[:2] == ["nox", "-s"]:
            *sessions, after = (
                [words[2:], []] if "--" not in words else [words[2 : words.index("--")], words[words.index("--") + 1 :]]
            )
            names = [name.partition("(") for name in sessions[0]]
            found += [
                [SUBCOMMANDS[name], *([repository.rstrip(")")] if repository else []), *after]
                for name, _, repository in names
                if name in SUBCOMMANDS
            ]
    return found


def rows(text: str, heading: str) -> list[list[str]]:
    """The cells of every table row below a heading, up to the next one."""
    section = re.split(r"^#{1,3} ", text.partition(f"{heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in section.splitlines() if line.startswith("| ")]


@pytest.mark.parametrize("file", GUIDES, ids=lambda file: file.name)
def test_every_command_in_a_block_can_be_given_as_it_stands(file: Path) -> None:
    for command in runner_commands(file.read_text()):
        assert parse(command).command == command[0]


def test_the_commands_of_the_readme_are_found() -> None:
    commands = runner_commands(README)
    assert ["run", "evv", "traction"] in commands
    assert ["logs", "traction", "--follow"] in commands
    assert ["run", "evv", "evv_core", "--quiet"] in commands


def test_every_session_and_every_subcommand_is_in_the_readme() -> None:
    for session in sessions_of((ROOT / "noxfile.py").read_text()):
        assert re.search(rf"nox -s (?:\w+ )*{session}\b", README), session
    for subcommand in known_options():
        named = {theirs for theirs, ours in SUBCOMMANDS.items() if ours == subcommand}
        assert any(re.search(rf"(?:nox -s|python -m runner) {each}\b", README) for each in named), subcommand


@pytest.mark.parametrize(
    ("subcommand", "option"),
    [(subcommand, option) for subcommand, options in known_options().items() for option in options if option not in HELP],
)
def test_every_option_has_a_row_in_the_readme(subcommand: str, option: str) -> None:
    beginning = "" if subcommand == "run" else f"{subcommand} "
    named = [cells[0] for cells in rows(README, "## Commands")]
    assert any(re.search(rf"`{beginning}{option}[ `]", cell) for cell in named)


def test_every_exit_code_has_a_row_in_the_readme() -> None:
    codes = {int(number) for cells in rows(README, "## Exit codes") for number in re.findall(r"\d+", cells[0])}
    assert codes == {*map(int, ExitCode), 130, 143, 129}


def test_every_key_of_repos_yaml_has_a_row_in_the_readme() -> None:
    keys = {cells[0].strip("`") for cells in rows(README, "## repos.yaml")}
    assert {*Settings.model_fields} <= keys
    (images,) = (cells[1] for cells in rows(README, "## repos.yaml") if cells[0] == "`images`")
    assert all(f"`{name}`" in images for name in Images.model_fields)


def test_the_repos_yaml_of_the_readme_is_that_of_the_project(tmp_path: Path) -> None:
    assert yaml.safe_load(shown()) == yaml.safe_load((ROOT / "repos.yaml").read_text())
    (tmp_path / "repos.yaml").write_text(shown())
    (local,) = (block for block in blocks(README) if "path: ~/src/hub" in block)
    (tmp_path / "repos.local.yaml").write_text(local)
    assert config.load(tmp_path, {}).repositories["hub"].path == Path("~/src/hub").expanduser()


def test_the_error_that_the_readme_quotes_is_what_a_reader_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "repos.yaml").write_text(shown().replace("ports:", "port:"))
    with pytest.raises(ConfigError) as error:
        config.load(tmp_path, {})
    assert f"`{error.value}`" in README


def shown() -> str:
    """The repos.yaml of the README."""
    (found,) = (block for block in blocks(README) if block.startswith("defaults:"))
    return found


@pytest.mark.parametrize("file", GUIDES, ids=lambda file: file.name)
def test_every_link_to_a_file_or_a_heading_leads_somewhere(file: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", file.read_text()):
        if not target.startswith("https://"):
            name, _, anchor = target.partition("#")
            there = file.parent / name if name else file
            assert there.exists(), target
            assert not anchor or anchor in anchors(there.read_text()), target


def anchors(text: str) -> set[str]:
    """The headings as GitHub names them in addresses: small letters, hyphens for spaces, no punctuation."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_footnote_is_there_and_is_used() -> None:
    assert set(re.findall(r"(?<!^)\[\^(\w+)\](?!:)", README)) == set(re.findall(r"^\[\^(\w+)\]:", README, re.MULTILINE))


def test_the_guide_for_contributors_names_every_package() -> None:
    cells = [cells[0] for cells in rows((ROOT / "CONTRIBUTING.md").read_text(), "## Where what is")]
    named = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert named == {file.parent.name for file in (ROOT / "runner").glob("*/__init__.py")}
