"""The pages tell what was expected and seen, with nothing that Markdown would take for its own."""

from dataclasses import replace

import pytest

from tests.demonstrations.markdown import page, shortened, summary
from tests.unit.demonstrations.test_record import EXPECTED, SEEN


def test_a_page_has_the_command_the_codes_the_output_and_the_listings() -> None:
    text = page(EXPECTED, SEEN)
    assert text.startswith("# X: as expected\n\nIt shows x.\n\n|")
    assert "| exit code | 1 | 1 |\n" in text
    assert "| output | `FAIL: Test.test` | yes |\n" in text
    assert "| proof log | `teardown: complete` | yes |\n" in text
    assert "```text\n$ run x\n```\n" in text
    assert "```text\nm: FAILED\nFAIL: Test.test\n```\n" in text
    assert text.endswith("```text\n$ docker ps -a\n(nothing)\n```\n")


def test_a_page_says_first_what_is_wrong() -> None:
    text = page(EXPECTED, replace(SEEN, exit_code=0, left={"docker ps -a": ["a container"]}))
    assert text.startswith("# X: NOT AS EXPECTED\n")
    assert "- **the exit code is 0, not 1**\n- **left behind: a container**\n" in text
    assert "| exit code | 1 | 0 |\n" in text
    assert "$ docker ps -a\na container\n" in text


def test_a_page_without_a_proof_log_says_nothing_of_its_end() -> None:
    assert "proof log" not in page(replace(EXPECTED, log_says=()), replace(SEEN, log=None))


def test_output_with_fences_stays_inside_its_block() -> None:
    text = page(EXPECTED, replace(SEEN, output="````\nFAILED ``x``"))
    assert "\n`````text\n````\nFAILED ``x``\n`````\n" in text


def test_a_bar_in_a_table_does_not_end_a_cell() -> None:
    assert "| left behind | nothing | a \\| b |\n" in page(EXPECTED, replace(SEEN, left={"x": ["a | b"]}))


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
    text = summary({"engine": "Docker 28"}, [(EXPECTED, SEEN)])
    assert text.startswith("# Demonstrations: all 1 went as expected\n\n- engine: Docker 28\n\n|")
    assert text.endswith("| [X](1-x.md) | 1 | 1 | nothing | as expected |\n")


def test_the_summary_counts_what_went_wrong() -> None:
    wrong = replace(SEEN, exit_code=None, left={"docker ps -a": ["one", "two"]})
    text = summary({}, [(EXPECTED, SEEN), (EXPECTED, wrong)])
    assert text.startswith("# Demonstrations: 1 of 2 did NOT go as expected\n")
    assert text.endswith("| [X](1-x.md) | 1 | - | 2 | NOT as expected |\n")
