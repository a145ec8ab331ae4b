"""What came before the tests, in words."""

import pytest

from runner.verdict.beginning import Beginning, Step, Version


@pytest.mark.parametrize(
    ("beginning", "title"),
    [
        (Beginning("v1", "c"), "updated from v1"),
        (Beginning("v\x1b1", "c"), "updated from v\\x1b1"),
        (Beginning("v1", "c", is_new=True), "new since v1"),
        (Beginning("v1", "c", failed=Step.INSTALL), "at the installation as of v1"),
        (Beginning("v1", "c", failed=Step.UPDATE), "at the update from v1"),
        (Beginning(), "reinstalled"),
        (Beginning(failed=Step.INSTALL), "at the first installation"),
        (Beginning(failed=Step.UNINSTALL), "at the uninstallation"),
        (Beginning(failed=Step.REINSTALL), "at the second installation"),
    ],
)
def test_a_verdict_is_followed_by_what_came_before_it(beginning: Beginning, title: str) -> None:
    assert beginning.title == title


def test_an_update_tells_its_versions_and_its_scripts() -> None:
    versions = (Version("evv_core", "19.0.1.0", "19.0.1.1"), Version("evv_base", "", "19.0.1.0"))
    lines = ["evv_core: 19.0.1.0 -> 19.0.1.1", "evv_base: no version -> 19.0.1.0"]
    told = Beginning("v1", "c", versions=versions, scripts=("evv_core [>1.1] pre-x",)).lines
    assert told == [*lines, "ran: evv_core [>1.1] pre-x"]
    assert Beginning("v1", "c", versions=versions).lines == [*lines, "no migration script ran"]
    assert Beginning("v1", "c", versions=versions, failed=Step.UPDATE).lines == lines
    assert Beginning().lines == []
