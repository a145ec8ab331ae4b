"""The grammar of the command line: what it takes, and how it answers to what it does not take."""

from pathlib import Path

import pytest

from runner.cli.arguments import EXAMPLE, RUN_USAGE, parse
from runner.config.options import MAX_LOG
from runner.errors import UsageError
from runner.reporting.report_file import STANDARD_OUTPUT


def refusal(*arguments: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse(arguments)
    return str(caught.value)


def test_a_run_takes_a_repository_and_modules() -> None:
    given = parse(["run", "evv", "evv_core", "traction"])
    assert (given.command, given.repository, given.modules) == ("run", "evv", ["evv_core", "traction"])


def test_the_defaults_are_those_that_the_documents_promise() -> None:
    given = parse(["run", "evv", "traction"])
    assert (given.health_timeout, given.test_timeout) == (300, 3600)
    assert (given.path, given.test_tags, given.keep) == (None, None, "never")


def test_a_run_that_is_narrower_or_repeated_is_asked_for_in_the_words_of_pytest() -> None:
    given = parse(["run", "evv", "traction:TestRock", "-x", "--last-failed", "--repeat", "3", "--slowest=5"])
    assert given.modules == ["traction:TestRock"]
    assert (given.exitfirst, given.last_failed, given.repeat, given.slowest) == (True, True, 3, 5)
    assert parse(["run", "evv", "traction", "--exitfirst"]).exitfirst
    usual = parse(["run", "evv", "traction"])
    assert (usual.exitfirst, usual.last_failed, usual.repeat, usual.slowest) == (False, False, 1, 0)


def test_options_may_stand_between_the_names() -> None:
    options = ["--test-tags", "/a:B", "--path", "/srv/evv", "--health-timeout=1.5"]
    given = parse(["run", "evv", *options, "traction", "--test-timeout", "60", "evv_core"])
    assert (given.repository, given.modules) == ("evv", ["traction", "evv_core"])
    assert given.path == Path("/srv/evv")
    assert (given.test_tags, given.health_timeout, given.test_timeout) == ("/a:B", 1.5, 60)


@pytest.mark.parametrize("value", ["0", "-1", "soon", "", "nan", "inf", "86401"])
@pytest.mark.parametrize("option", ["--health-timeout", "--test-timeout"])
def test_times_that_are_no_seconds_are_refused_with_the_option_s_name(option: str, value: str) -> None:
    message = refusal("run", "evv", "traction", f"{option}={value}")
    assert option in message
    assert f"must be a number of seconds above 0, at most 86400 (given: {value!r})" in message


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "no command; known are: run, cleanup, list, shell, logs, doctor, matrix"),
        ([""], "no command"),
        (
            ["rnu", "evv"],
            "known are: run, cleanup, list, shell, logs, doctor, matrix, snapshots, verify, uat, parity. Perhaps you meant"
            " 'run'?",
        ),
        (["run", "evv", "traction", "--test-tgas", "/x"], "Perhaps you meant --test-tags?"),
        (["run", "evv", "traction", "--colour"], "unrecognized arguments: --colour"),
        (["run", "evv", "traction", "--test", "/x"], "unrecognized arguments: --test"),
        (["run", "evv", "traction", "--path"], "--path"),
        (["run", "evv", "traction", "--jobs", "0"], "--jobs: must be a whole number, from 1 to 10000 (given: '0')"),
        (
            ["run", "evv", "traction", "--repeat", "10001"],
            "--repeat: must be a whole number, from 1 to 10000 (given: '10001')",
        ),
        (
            ["run", "evv", "traction", "--repeat", "9" * 5000],
            f"--repeat: must be a whole number, from 1 to 10000 (given: '{'9' * 60}')",
        ),
        (["run", "evv", "traction", "--jobs", "two"], "--jobs: must be a whole number, from 1 to 10000 (given: 'two')"),
        (["run", "evv", "-z"], "-z"),
        (["run", "evv", "traction", "--test-tags", "-slow"], "--test-tags: expected one argument. A value that begins with"),
        (["run", "evv", "traction", "--test-tags", "-slow"], "'-' needs '=': --test-tags=-slow"),
    ],
)
def test_wrong_arguments_are_answered_with_usage_and_an_example(arguments: list[str], expected: str) -> None:
    message = refusal(*arguments)
    assert expected in message
    assert RUN_USAGE in message
    assert EXAMPLE in message


def test_an_option_is_not_taken_for_the_value_that_is_missing_before_it() -> None:
    assert "needs '='" not in refusal("run", "evv", "traction", "--test-tags", "--strict")
    assert parse(["run", "evv", "traction", "--test-tags=-slow"]).test_tags == "-slow"


def test_an_option_that_is_near_to_none_is_answered_without_a_guess() -> None:
    assert "Perhaps" not in refusal("run", "evv", "--zzz")


def test_cleanup_takes_repositories_and_has_its_own_usage() -> None:
    given = parse(["cleanup", "evv", "--all"])
    assert (given.command, given.targets, given.all, given.dry_run) == ("cleanup", ["evv"], True, False)
    given = parse(["cleanup", "--dry-run"])
    assert (given.targets, given.all, given.dry_run, given.timeout) == ([], False, True, 60)
    assert "nox -s cleanup" in refusal("cleanup", "--zzz")


@pytest.mark.parametrize("command", ["list", "doctor"])
def test_commands_without_arguments_refuse_them(command: str) -> None:
    assert parse([command]).command == command
    assert f"python -m runner {command}" in refusal(command, "evv")


@pytest.mark.parametrize("value", ["never", "failed", "always"])
def test_what_to_keep_is_one_of_three_words(value: str) -> None:
    assert parse(["run", "evv", "traction", "--keep", value]).keep == value
    assert "never" in refusal("run", "evv", "traction", "--keep", "sometimes")


def test_the_example_is_a_command_that_is_understood() -> None:
    words = EXAMPLE.partition(" -- ")[2].split()
    assert parse(["run", *words]).modules == ["traction"]


def test_help_tells_every_option_and_ends_with_success(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(["run", "--help"])
    assert caught.value.code == 0
    told = capsys.readouterr().out
    for part in (RUN_USAGE, "--path", "--test-tags", "--health-timeout", "--test-timeout", "--keep"):
        assert part in told


@pytest.mark.parametrize(("text", "size"), [("100K", 100_000), ("5M", 5_000_000), ("2G", 2_000_000_000), ("123456", 123_456)])
def test_the_size_of_a_log_has_a_unit_or_none(text: str, size: int) -> None:
    assert parse(["run", "evv", "traction", "--max-log", text]).max_log == size


@pytest.mark.parametrize("option", ["--junit", "--json", "--html", "--in-toto"])
def test_a_report_goes_to_standard_output_or_into_a_file_even_of_that_name(option: str) -> None:
    assert getattr(parse(["run", "evv", "traction", option, "-"]), option[2:].replace("-", "_")) == STANDARD_OUTPUT
    assert getattr(parse(["run", "evv", "traction", option, "./-"]), option[2:].replace("-", "_")) == Path.cwd() / "-"


@pytest.mark.parametrize("option", ["--coverage-xml", "--coverage-html"])
def test_no_coverage_goes_to_standard_output_nor_into_a_file_called_so(option: str) -> None:
    with pytest.raises(UsageError, match=f"argument {option}: must be a file: standard output shows the run"):
        parse(["run", "evv", "traction", option, "-"])


@pytest.mark.parametrize("text", ["", "-1", "100.1", "nan", "inf", "80%", "x" * 5000])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="argument --fail-under: must be a percentage, from 0 to 100") as caught:
        parse(["run", "evv", "traction", f"--fail-under={text}"])
    assert len(str(caught.value)) < 500


def test_a_log_is_limited_also_where_nobody_asks_for_it() -> None:
    assert parse(["run", "evv", "traction"]).max_log == MAX_LOG


@pytest.mark.parametrize("text", ["", "M", "0", "1K", "99999", "-5M", "1.5M", "5T", "5m", "\u0665M", "9" * 5000, "100 M"])
def test_what_is_no_size_of_a_log_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="must be a number of bytes, as 500K, 100M or 2G, at least 100K"):
        parse(["run", "evv", "traction", f"--max-log={text}"])
