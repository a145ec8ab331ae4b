"""The docker of these tests is a script."""

from collections.abc import Callable

import pytest

from runner.docker.engine import Engine
from tests.unit.scripted_docker import Answer, ScriptedDocker


@pytest.fixture
def engine(script: ScriptedDocker) -> Callable[[dict[str, Answer]], Engine]:
    """Make an engine of answers: the beginning of a command -> exit code, standard output, standard error."""

    def make(answers: dict[str, Answer]) -> Engine:
        script.answer(answers)
        return Engine(script.endpoint)

    return make
