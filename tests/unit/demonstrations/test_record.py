"""A demonstration agrees with what it expects only if everything does."""

from dataclasses import replace

import pytest

from tests.demonstrations.record import Demonstration, Seen, disagreements

EXPECTED = Demonstration("1-x", "X", "It shows x.", 1, says=("FAILED", "FAIL: Test.test"), log_says=("teardown: complete",))
SEEN = Seen("run x", 1, "m: FAILED\nFAIL: Test.test\n", "...\nteardown: complete\n", {"docker ps -a": []})


def test_what_is_as_expected_has_no_disagreement() -> None:
    assert disagreements(EXPECTED, SEEN) == []


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (replace(SEEN, exit_code=0), "the exit code is 0, not 1"),
        (replace(SEEN, exit_code=None), "the exit code is None, not 1"),
        (replace(SEEN, output="m: FAILED"), "the output does not say `FAIL: Test.test`"),
        (replace(SEEN, log="cut short"), "the proof log does not say `teardown: complete`"),
        (replace(SEEN, log=None), "there is no proof log"),
        (replace(SEEN, left={"docker ps -a": ["one"]}), "left behind: one"),
        (replace(SEEN, left={}), "nobody looked at what is left"),
        (replace(SEEN, faults=("no Ctrl+C",)), "no Ctrl+C"),
    ],
)
def test_everything_that_differs_is_said(seen: Seen, said: str) -> None:
    assert disagreements(EXPECTED, seen) == [said]


def test_a_demonstration_without_a_command_needs_no_exit_code_and_no_log() -> None:
    expected = Demonstration("2-y", "Y", "It shows y.", None)
    assert disagreements(expected, replace(SEEN, exit_code=None, log=None)) == []
