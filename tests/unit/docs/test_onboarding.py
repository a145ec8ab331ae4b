"""What agents read first is short, and every command in it can be given."""

import re

import pytest

from runner.cli.arguments import parse
from tests.demonstrations.documents import sessions_of
from tests.unit.docs.markdown import blocks
from tests.unit.docs.test_pages import runner_commands
from tests.unit.processes import ROOT

ONBOARDING = (ROOT / "docs/onboarding_coder_agent.md").read_text()
AGENTS = (ROOT / "AGENTS.md").read_text()
SESSIONS = sessions_of((ROOT / "noxfile.py").read_text())


@pytest.mark.parametrize("text", [ONBOARDING, AGENTS], ids=["onboarding", "AGENTS"])
def test_it_has_less_than_60_lines(text: str) -> None:
    assert len(text.splitlines()) < 60


def test_every_command_of_the_onboarding_is_understood_and_each_session_is_there() -> None:
    lines = [line for block in blocks(ONBOARDING) for line in block.splitlines() if line.strip()]
    ours = [line for line in lines if not line.startswith("docker ps -a | grep PREFIX")]
    commands = runner_commands(ONBOARDING)
    assert len(commands) == len(ours)
    assert {parse(command).command for command in commands} == {"run", "shell", "logs", "cleanup", "verify"}


def test_every_command_for_those_who_change_the_project_exists() -> None:
    lines = [line for block in blocks(AGENTS) for line in block.splitlines() if line.strip()]
    assert lines[0] == "python3 -m pip install nox"
    for line in lines[1:]:
        session = re.match(r"nox -s (\w+)", line)
        assert session, line
        assert session[1] in SESSIONS
        for path in re.findall(r"tests/[\w/.]+", line):
            assert (ROOT / path).exists(), path
    for path in re.findall(r"`((?:runner|tests|docs)/[\w./]+)`", AGENTS):
        assert (ROOT / path).exists(), path
