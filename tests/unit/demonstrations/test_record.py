"""A demonstration agrees with what it expects only if everything does, and says of each thing where it is to be seen."""

from dataclasses import replace

import pytest

from tests.demonstrations.record import Check, Ran, Scene, Seen, Step, checks, disagreements

RUN, AGAIN = Step(("run", "x"), 1, ("FAILED", "FAIL: Test.test")), Step(("verify", "x"), 0)
SCENE = Scene("1-x", "X", "It shows x.", (RUN, AGAIN), {"x/proof.log": ("teardown: complete",)})
RAN = Ran("run x", 1, "up\nm: FAILED\n  FAIL: Test.test (x.py:1)\n")
SEEN = Seen((RAN, Ran("verify x", 0, "")), {"x/proof.log": "...\nteardown: complete, 1 s\n"}, {"docker ps -a": []})


def test_what_is_as_expected_has_no_disagreement() -> None:
    assert disagreements(SCENE, SEEN) == []


def test_all_that_must_be_seen_is_told_with_the_line_where_it_is() -> None:
    assert checks(SCENE, SEEN) == [
        Check("`run x` ends with exit code 1", holds=True),
        Check("its output says `FAILED`", holds=True, line="m: FAILED"),
        Check("its output says `FAIL: Test.test`", holds=True, line="FAIL: Test.test (x.py:1)"),
        Check("`verify x` ends with exit code 0", holds=True),
        Check("`x/proof.log` says `teardown: complete`", holds=True, line="teardown: complete, 1 s"),
        Check("`docker ps -a` prints nothing afterwards", holds=True),
    ]


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (replace(SEEN, ran=(replace(RAN, exit_code=0), SEEN.ran[1])), "`run x` ends with exit code 1 (exit code 0)"),
        (replace(SEEN, ran=(replace(RAN, exit_code=None), SEEN.ran[1])), "`run x` ends with exit code 1 (exit code None)"),
        (replace(SEEN, ran=(replace(RAN, output="m: FAILED"), SEEN.ran[1])), "its output says `FAIL: Test.test`"),
        (replace(SEEN, ran=(RAN,)), "`verify x` was called"),
        (replace(SEEN, files={"x/proof.log": "cut short"}), "`x/proof.log` says `teardown: complete`"),
        (replace(SEEN, files={"x/proof.log": None}), "there is a `x/proof.log`"),
        (replace(SEEN, files={}), "there is a `x/proof.log`"),
        (replace(SEEN, left={"docker ps -a": ["one"]}), "`docker ps -a` prints nothing afterwards (one)"),
        (replace(SEEN, left={}), "somebody looked at what is left"),
        (replace(SEEN, faults=("there was a Ctrl+C",)), "there was a Ctrl+C"),
    ],
)
def test_everything_that_differs_is_said(seen: Seen, said: str) -> None:
    assert disagreements(SCENE, seen) == [said]


def test_a_demonstration_without_a_command_needs_none() -> None:
    assert disagreements(Scene("2-y", "Y", "It shows y."), Seen(left={"docker ps -a": []})) == []


def test_of_a_long_line_what_is_around_the_text_is_quoted() -> None:
    output = f"above\n{'x' * 1000}FAILED{'y' * 1000}\nFAIL: Test.test\n"
    (quoted,) = (
        check.line
        for check in checks(SCENE, replace(SEEN, ran=(Ran("run x", 1, output), SEEN.ran[1])))
        if "FAILED" in check.what
    )
    assert quoted == f"... {'x' * 80}FAILED{'y' * 80} ..."
