"""A report on standard output is alone there."""

import os
import sys
from pathlib import Path

import pytest

from runner.cli.report_output import output_for_a_report
from runner.errors import ReportFailed, UsageError
from runner.reporting.machine_reports import MachineReports
from runner.reporting.report_file import STANDARD_OUTPUT, write_whole
from runner.terminal import Terminal
from tests.unit.outcomes import passed


@pytest.mark.parametrize("kind", ["junit", "json"])
def test_all_else_goes_to_standard_error_as_long_as_it_lasts(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    files = {"junit": None, "json": None, kind: STANDARD_OUTPUT}
    # As a program has it, and not pytest.
    with open(1, "w", closefd=False) as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        with output_for_a_report(*files.values()) as output:
            terminal = Terminal()
            terminal.closing(["how it ended"])
            os.write(1, b"of another program\n")
            code = MachineReports(files["junit"], files["json"], "evv", output).write([passed()], {}, print, print)
            terminal.finish()
    os.write(1, b"\nafter\n")
    out, err = capfd.readouterr()
    assert code == 0
    report, _, rest = out.rpartition("\nafter\n")
    assert report.lstrip().startswith(("{", "<?xml"))
    assert "evv_core" in report
    assert rest == ""
    assert "how it ended\n" in err
    assert "of another program\n" in err
    assert not Path("-").exists()


def test_reports_in_files_leave_standard_output_as_it_is(capfd: pytest.CaptureFixture[str]) -> None:
    with output_for_a_report(Path("x.json"), None) as output:
        assert output is None
        os.write(1, b"told\n")
    assert capfd.readouterr().out == "told\n"


def test_only_one_report_can_go_there() -> None:
    with pytest.raises(UsageError, match="Only one report"), output_for_a_report(STANDARD_OUTPUT, STANDARD_OUTPUT):
        pass


def test_two_reports_in_one_place_are_refused_before_either_is_lost(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("a.json")
    for other in ("a.json", "./a.json", "link"):
        with pytest.raises(UsageError, match="Two reports cannot go to one place"):
            output_for_a_report(tmp_path / "a.json", None, Path(f"{tmp_path}/{other}")).__enter__()
    with output_for_a_report(tmp_path / "a.json", None, None, tmp_path / "b.json"):
        pass


def test_a_reader_who_has_gone_is_a_report_that_is_not_written() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        with pytest.raises(ReportFailed, match="cannot be written to standard output: Broken pipe"):
            write_whole(writer, b"report")
    finally:
        os.close(writer)
