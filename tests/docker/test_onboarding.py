"""Every command of the onboarding does what it says there, in its order, on a tiny repository with tests that pass or fail."""

import json
import re
import signal
import subprocess

from tests.unit.docs.test_onboarding import ONBOARDING
from tests.unit.docs.test_pages import runner_commands

from .tiny_repository import FAILS, PASSES, PATIENCE, TinyRepository

# What the words of the page are here; where it looks into a failed run, MODULE is one that fails.
_WORDS = {"REPO": "tiny", "evv": "tiny", "MODULE": "good", "traction": "good", "traction:TestRock": "good:TestTiny"}


def _command(tiny: TinyRepository, words: list[str], **others: str) -> list[str]:
    known = {**_WORDS, "CHECKOUT/proof_of_execution_tests.log": str(tiny.proof), **others}
    return [known.get(word, word) for word in words]


def _git(tiny: TinyRepository, *words: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(tiny.checkout), *identity, *words], check=True, capture_output=True)


def test_every_command_of_the_onboarding_does_what_it_says(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    tiny.module("bad", FAILS)
    _git(tiny, "init", "-q")
    _git(tiny, "add", "-A")
    _git(tiny, "commit", "-q", "-m", "one")
    commands = iter(runner_commands(ONBOARDING))
    first, some, last_failed, watch, report = (_command(tiny, next(commands)) for _ in range(5))
    assert tiny.run(*first)[0] == 0
    code, output = tiny.run(*some)
    assert (code, "good: PASSED, only TestTiny" in output) == (0, True), output
    assert tiny.run(*last_failed)[0] == 0
    started = tiny.start(*watch)
    started.wait_for("round 1 took")
    started.send(signal.SIGINT)
    assert started.finish() == 130
    program = tiny.start(*report)
    assert program.finish() == 0
    assert json.loads(program.output[program.output.index("\n{") :].partition("\n}")[0] + "\n}")["exit_code"] == 0

    keep, shell, logs, cleanup = (next(commands) for _ in range(4))
    code, output = tiny.run(*_command(tiny, keep, MODULE="bad"))
    assert code == 1, output
    match = re.search(r"tiny-agent-test-bad-\S+", output)
    assert match
    assert "A shell needs a terminal" in tiny.run(*_command(tiny, shell, MODULE="bad"))[1]  # which this test has not
    assert tiny.run(*_command(tiny, logs, MODULE="bad"))[0] == 0
    code, output = tiny.run(*_command(tiny, cleanup, PROJECT=match[0]))
    assert code == 0, output

    whole, verify = (_command(tiny, next(commands)) for _ in range(2))
    assert tiny.run(*whole)[0] == 0
    code, output = tiny.run(*verify)
    assert (code, output.splitlines()[-1]) == (0, "proven: good"), output
    listed = subprocess.run(["docker", "ps", "-a"], check=True, capture_output=True, text=True, timeout=PATIENCE)
    assert "tiny-agent-test" not in listed.stdout
    assert next(commands, None) is None
