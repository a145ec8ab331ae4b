"""Errors of the system in words."""

from pathlib import Path

import pytest

from runner.errors import cause_of


def test_an_error_of_the_system_is_told_with_its_file_and_without_its_number(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="Errno") as caught:
        (tmp_path / "missing").read_text()
    assert cause_of(caught.value) == f"No such file or directory: {tmp_path / 'missing'}"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("it is no regular file"), "it is no regular file"),
        (ValueError("embedded null byte"), "embedded null byte"),
    ],
)
def test_what_has_no_file_or_no_number_is_told_as_it_is(error: Exception, expected: str) -> None:
    assert cause_of(error) == expected
