"""What Odoo logged while a test ran is found in its log, without its failure."""

import os
from pathlib import Path

from runner.reporting.page.excerpts import excerpts
from tests.unit.odoo_logs import real
from tests.unit.outcomes import failing, real_failure

AT = "2026-11-26 18:12:26,921 49"
LOGGER = "odoo.addons.evv_core.tests.test_client"
ONE, OTHER = failing("TestClient.test_one"), failing("TestClient.test_two")


def starting(name: str, logger: str = LOGGER) -> str:
    return f"{AT} INFO agent_test {logger}: Starting TestClient.{name} ... "


def said(words: str, logger: str = "odoo.addons.evv_core.models.client", level: str = "INFO") -> str:
    return f"{AT} {level} agent_test {logger}: {words}"


def fails(name: str) -> list[str]:
    lines = ["Traceback (most recent call last):", '  File "x.py", line 1, in test_one', "AssertionError: 1 != 2"]
    return [said("=" * 70, LOGGER), said(f"FAIL: TestClient.{name}", LOGGER, "ERROR"), *lines, " "]


def found(folder: Path, *lines: str) -> dict[str, list[str]]:
    log = folder / "proof.log"
    log.write_text("\n".join(lines) + "\n")
    return {case.name: told for case, told in excerpts(log, [ONE, OTHER]).items()}


def test_a_test_has_the_lines_from_its_start_to_the_next_one_s_but_for_its_failure(tmp_path: Path) -> None:
    lines = [said("before"), starting("test_one"), said("in it"), "printed", *fails("test_one"), said("tidying up")]
    told = found(tmp_path, *lines, starting("test_three"), said("of another"), starting("test_two"))
    assert told == {"TestClient.test_one": [said("in it"), "printed", said("tidying up")]}


def test_a_test_of_the_same_name_in_another_file_is_another_one(tmp_path: Path) -> None:
    other = "odoo.addons.evv_core.tests.test_other"
    assert found(tmp_path, starting("test_one", other), said("elsewhere"), starting("test_one"), said("here")) == {
        "TestClient.test_one": [said("here")]
    }


def test_of_a_test_that_ran_again_the_last_run_counts(tmp_path: Path) -> None:
    assert found(tmp_path, starting("test_one"), said("at first"), starting("test_one"), said("again")) == {
        "TestClient.test_one": [said("again")]
    }


def test_what_odoo_and_the_runner_say_afterwards_is_no_part_of_it(tmp_path: Path) -> None:
    for after in (said("Initiating shutdown", "odoo.service.server"), "=" * 100):
        assert found(tmp_path, starting("test_one"), said("in it"), after, said("later")) == {
            "TestClient.test_one": [said("in it")]
        }


def test_of_many_lines_the_last_are_shown_and_long_ones_are_cut(tmp_path: Path) -> None:
    lines = [said(f"line {number}") for number in range(1000)]
    told = found(tmp_path, starting("test_one"), *lines, "x" * 100_000)["TestClient.test_one"]
    assert told[0].endswith("lines before these are in the log]")
    assert len(told) == 41
    assert max(map(len, told)) < 500


def test_of_a_real_log_it_is_what_stands_there(tmp_path: Path) -> None:
    log = tmp_path / "proof.log"
    log.write_text(real("traction-failed"))
    (told,) = excerpts(log, real_failure().failing_cases).values()
    assert all(line in real("traction-failed") for line in told)
    assert not any("AssertionError" in line or "Starting" in line for line in told)


def test_a_log_that_is_gone_or_none_at_all_is_nothing_to_wait_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "log").write_text(f"{starting('test_one')}\n{said('x')}\n")
    (tmp_path / "link").symlink_to(tmp_path / "log")
    for name in ("missing", "pipe", "link"):
        assert excerpts(tmp_path / name, [ONE]) == {}
