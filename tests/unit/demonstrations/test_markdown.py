"""The pages tell what was expected and seen, with nothing that Markdown would take for its own."""

from dataclasses import replace

import pytest

from tests.demonstrations.markdown import kept_name, page, shortened, summary
from tests.demonstrations.record import Ran
from tests.unit.demonstrations.test_record import RAN, SCENE, SEEN


def test_a_page_says_first_what_a_reviewer_must_see_then_shows_all_of_it() -> None:
    text = page(SCENE, SEEN)
    assert text.startswith(
        "# X: as expected\n\nIt shows x.\n\n## What a reviewer must see\n\n"
        "- [x] `run x` ends with exit code 1\n- [x] its output says `FAILED`\n  `m: FAILED`\n"
    )
    assert "- [x] `docker ps -a` prints nothing afterwards\n\n## Command and output\n" in text
    assert "```text\n$ run x\n```\n\n```text\nup\nm: FAILED\n  FAIL: Test.test (x.py:1)\n```\n\nExit code: 1\n" in text
    assert "```text\n$ verify x\n```\n" in text
    assert "## The end of x/proof.log\n\n```text\n...\nteardown: complete, 1 s\n```\n" in text
    assert text.endswith("```text\n$ docker ps -a\n(nothing)\n```\n")


def test_what_is_not_seen_has_no_tick() -> None:
    text = page(SCENE, replace(SEEN, ran=(replace(RAN, exit_code=0), SEEN.ran[1]), left={"docker ps -a": ["a container"]}))
    assert text.startswith("# X: NOT AS EXPECTED\n")
    assert "- [ ] **NOT SEEN: `run x` ends with exit code 1**\n  `exit code 0`\n" in text
    assert "- [ ] **NOT SEEN: `docker ps -a` prints nothing afterwards**\n  `a container`\n" in text
    assert "$ docker ps -a\na container\n" in text


def test_a_file_that_is_kept_is_named_as_it_stands_beside_the_page() -> None:
    scene = replace(SCENE, kept=("out/page.html",), files={"out/page.html": ("<h1>",)})
    text = page(scene, replace(SEEN, files={"out/page.html": "<h1>x</h1>"}))
    assert "## out/page.html\n\nBeside this page: `1-x.html`\n" in text
    assert kept_name(scene, "out/page.html") == "1-x.html"
    assert "Beside" not in page(scene, replace(SEEN, files={"out/page.html": None}))


def test_output_with_fences_and_backticks_stays_inside_its_block() -> None:
    output = "````\nFAILED ``x``"
    text = page(SCENE, replace(SEEN, ran=(Ran("run x", 1, output), SEEN.ran[1])))
    assert "\n`````text\n````\nFAILED ``x``\n`````\n" in text
    assert "  ``` FAILED ``x`` ```\n" in text


def test_a_bar_in_a_table_does_not_end_a_cell() -> None:
    assert "| [a \\| b](1-x.md) |" in summary({}, [(replace(SCENE, title="a | b"), SEEN)])


@pytest.mark.parametrize("lines", [0, 1, 52, 53])
def test_short_output_is_whole(lines: int) -> None:
    text = "\n".join(str(number) for number in range(lines))
    assert shortened(text) == text


def test_long_output_lacks_its_middle_and_says_so() -> None:
    lines = shortened("\n".join(str(number) for number in range(100))).splitlines()
    assert lines[:12] == [str(number) for number in range(12)]
    assert lines[12] == "[... 48 lines are left out here ...]"
    assert lines[13:] == [str(number) for number in range(60, 100)]


def test_the_summary_has_the_facts_and_a_row_with_a_link_for_each() -> None:
    text = summary({"engine": "Docker 28"}, [(SCENE, SEEN)])
    assert text.startswith("# Demonstrations: all 1 went as expected\n\n- engine: Docker 28\n\n|")
    assert text.endswith("| [X](1-x.md) | 1, 0 | nothing | 6 of 6 | as expected |\n")


def test_the_summary_counts_what_went_wrong() -> None:
    wrong = replace(SEEN, ran=(replace(RAN, exit_code=None), SEEN.ran[1]), left={"docker ps -a": ["one", "two"]})
    text = summary({}, [(SCENE, SEEN), (SCENE, wrong)])
    assert text.startswith("# Demonstrations: 1 of 2 did NOT go as expected\n")
    assert text.endswith("| [X](1-x.md) | -, 0 | 2 | 4 of 6 | NOT as expected |\n")
