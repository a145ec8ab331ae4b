"""All pages: their commands can be given, their links lead somewhere, and nothing is left out."""

import re
import shlex
from pathlib import Path

import pytest

from runner.cli.arguments import known_options, parse
from tests.demonstrations.documents import commands_in, sessions_of, unknown_in
from tests.unit.docs.markdown import anchors, blocks, links
from tests.unit.processes import ROOT

SESSIONS = sessions_of((ROOT / "noxfile.py").read_text())
DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / "AGENTS.md", ROOT / "CONTRIBUTING.md", ROOT / "README.md", ROOT / "examples/README.md", *DOCS]
# What the blocks of the reference hold is usage, `[options]` and all.
TO_BE_GIVEN = [page for page in PAGES if page.name != "reference.md"]
# Their words go to the runner's subcommand of this name, or of another.
SUBCOMMANDS = {name: name for name in known_options()} | {"odoo_tests": "run"}

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def runner_commands(text: str) -> list[list[str]]:
    """The runner's arguments of each command in a block of code, those behind a session of nox included."""
    commands = []
    for line in "\n".join(blocks(text)).splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True) if "nox -s" in line or "-m runner" in line else []
        if words[:3] == ["python", "-m", "runner"]:
            commands.append(words[3:])
        elif words[:2] == ["nox", "-s"]:
            end = words.index("--") if "--" in words else len(words)
            for name, _, repository in (session.partition("(") for session in words[2:end]):
                if name in SUBCOMMANDS:
                    named = [repository.rstrip(")")] if repository else []
                    commands.append([SUBCOMMANDS[name], *named, *words[end + 1 :]])
    return commands


@each_page
def test_every_command_and_option_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text()
    assert commands_in(text) != []
    assert unknown_in(text, SESSIONS) == []


@pytest.mark.parametrize("page", TO_BE_GIVEN, ids=lambda page: page.name)
def test_every_command_in_a_block_can_be_given_as_it_stands(page: Path) -> None:
    for command in runner_commands(page.read_text()):
        assert parse(command).command == command[0]


def test_the_commands_of_the_pages_are_found() -> None:
    assert ["run", "evv", "evv_core"] in runner_commands((ROOT / "README.md").read_text())
    guide = runner_commands((ROOT / "docs/guide.md").read_text())
    assert ["run", "hub", "hub_compliance"] in guide
    assert ["logs", "evv_core", "--follow"] in guide


def test_every_session_and_every_subcommand_is_named() -> None:
    text = "\n".join(page.read_text() for page in PAGES)
    for session in SESSIONS:
        assert re.search(rf"nox -s (?:\w+ )*{session}\b", text), session
    for subcommand in known_options():
        names = {name for name, ours in SUBCOMMANDS.items() if ours == subcommand}
        assert any(re.search(rf"(?:nox -s|python -m runner) {name}\b", text) for name in names), subcommand


@each_page
def test_every_link_to_a_file_or_a_heading_leads_somewhere(page: Path) -> None:
    for target in links(page.read_text()):
        if not target.startswith("https://"):
            name, _, anchor = target.partition("#")
            there = page.parent / name if name else page
            assert there.exists(), target
            assert not anchor or anchor in anchors(there.read_text()), target


@each_page
def test_every_footnote_is_there_and_is_used(page: Path) -> None:
    text = page.read_text()
    assert set(re.findall(r"(?<!^)\[\^(\w+)\](?!:)", text)) == set(re.findall(r"^\[\^(\w+)\]:", text, re.MULTILINE))


def test_the_readme_leads_to_every_page() -> None:
    assert {f"docs/{page.name}" for page in DOCS} <= {
        target.partition("#")[0] for target in links((ROOT / "README.md").read_text())
    }


def test_links_outside_name_one_commit_where_they_name_a_file_of_a_repository() -> None:
    for page in PAGES:
        for target in links(page.read_text()):
            assert "/blob/" not in target or re.search(r"/blob/[0-9a-f]{40}/", target), f"{page.name}: {target}"
