"""Wrong requests end with code 2 and a message, right ones reach a run, and the worst outcome is the exit code."""

import errno
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.cli.arguments import known_options
from runner.cli.main import main_inner
from runner.config.options import Keep, Options
from runner.config.repositories import Config
from runner.errors import EngineUnavailable, Interrupted
from runner.reporting.outcome import Outcome
from runner.run import call
from runner.run.module_run import Request
from runner.signals import Signals
from runner.terminal import Terminal
from tests.unit.processes import ROOT
from tests.unit.repositories import YAML, write_module


class FakeRuns:
    """Stands for `run_module`: remembers what was asked for, and gives the exit codes it was told."""

    def __init__(self) -> None:
        self.calls: list[Request] = []
        self.codes: dict[str, int] = {}
        self.interrupting: int | None = None

    def __call__(self, request: Request, _environ: object, _terminal: object, signals: Signals) -> Outcome:
        self.calls.append(request)
        if self.interrupting is not None:
            signals.first = self.interrupting
        code = self.codes.get(request.module, 0)
        return Outcome(request.module, code, "PASSED" if code == 0 else "FAILED", ("why\nin two lines",), Path("/p.log"))

    @property
    def modules(self) -> list[str]:
        return [request.module for request in self.calls]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two repositories with a few modules; the working folder is the one with repos.yaml."""
    (tmp_path / "repos.yaml").write_text(YAML)
    for name in ("evv_core", "evv_visits", "traction"):
        write_module(tmp_path / "evv/addons", name)
    write_module(tmp_path / "hub/addons", "hub_compliance")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> FakeRuns:
    runs = FakeRuns()
    monkeypatch.setattr(call, "run_module", runs)
    return runs


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("", ["no command", "Usage: nox -s odoo_tests", "For example: nox -s odoo_tests -- evv traction"]),
        ("rnu evv traction", ["unknown command 'rnu'", "Usage:", "For example:"]),
        ("run", ["Which repository and module?", "Usage:", "For example:"]),
        ("run evv", ["Which module of evv?", "Usage:", "For example:"]),
        ("run evv traction --tset-tags x", ["Perhaps you meant --test-tags?", "Usage:", "For example:"]),
        ("run evv traction --health-timeout soon", ["--health-timeout", "must be a number of seconds", "Usage:"]),
        ("run ev traction", ["No repository 'ev'", "known are: evv, hub", "Perhaps you meant 'evv'?"]),
        ("run traction", ["'traction' is a module", "the repository goes before it:\n  nox -s odoo_tests -- evv traction\n"]),
        ("run evv --all traction", ["Either --all or names of modules (traction), not both."]),
        ("run evv --all", ["No module of evv has tests. Looked in: ", "evv/addons"]),
        ("run evv traktion", ["No module 'traktion' in repository evv", "Near names here: traction"]),
        ("run evv hub_compliance", ["Repository hub has it: nox -s odoo_tests -- hub hub_compliance"]),
        ("run evv evv_core traktion", ["No module 'traktion'"]),
        ("run evv ../evv_core", ["not the technical name"]),
        ("run evv 'x; rm -rf /'", ["not the technical name"]),
        (f"run evv {'m' * 200}", ["too long"]),
        ("run evv evv_core --path /no/such/checkout", ["not at /no/such/checkout: there is no such folder", "--path DIR"]),
        ("run evv evv_core --path repos.yaml", ["repos.yaml: that is no folder", "--path DIR"]),
        ("run evv evv_core --path hub", ["evv: leave out --path."]),
        (
            "run evv evv_core --js",
            ["--js: evv_core has no JavaScript tests of Odoo 18 and newer (static/tests/**/*.test.js)."],
        ),
        ("run evv evv_core --odoo 17.0", ["evv has no image for Odoo 17.0; known are: none: write into repos.yaml"]),
        ("run evv evv_core --odoo 17.0,", ["--odoo: must be a series of Odoo, or several with commas", "(given: '17.0,')"]),
        ("run evv evv_core --language deutsch", ["--language: must be the code of a language, such as de_DE"]),
        ("run evv evv_core --verbose --quiet", ["--quiet: not allowed with argument --verbose", "Usage:", "For example:"]),
        ("run evv evv_core --verbose --jobs 2", ["--verbose: of runs side by side (--jobs) nobody could read it."]),
        ("run evv traction:TestX", ["traction: there is no test class 'TestX'. Its test classes: none"]),
        ("run traction:TestX", ["'traction' is a module", "before it:\n  nox -s odoo_tests -- evv traction:TestX\n"]),
        ("run evv --all traction:TestX", ["Either --all or names of modules (traction:TestX), not both."]),
        ("run evv traction --last-failed --test-tags x", ["Either --test-tags or --last-failed, not both: each says which"]),
        ("run evv traction/tests/test_x.py", ["There is no file traction/tests/test_x.py. Looked for it in:"]),
        ("run evv traction --repeat 0", ["--repeat: must be a whole number, from 1 to 10000"]),
        ("run evv evv_core traction --watch", ["--watch tests one module until Ctrl+C", "not with several modules."]),
        ("run evv --all --watch --jobs 2", ["not with --all, --jobs."]),
        ("run evv --changed-since HEAD --watch", ["not with --changed-since."]),
        ("run evv evv_core --watch --junit x --json y", ["not with --junit, --json."]),
        ("run evv evv_core --watch --keep failed", ["not with --keep."]),
        ("run evv evv_core --watch --odoo 17.0,18.0", ["not with several --odoo."]),
        ("cleanup --all-of-it", ["unrecognized", "nox -s cleanup"]),
    ],
)
def test_a_wrong_request_ends_with_2_and_starts_nothing(
    runs: FakeRuns, capsys: pytest.CaptureFixture[str], arguments: str, expected: list[str]
) -> None:
    assert main_inner(shlex.split(arguments)) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("Error: ")
    assert "Traceback" not in captured.err
    for part in expected:
        assert part in captured.err
    assert runs.calls == []


def test_quiet_calls_say_how_their_runs_ended_and_nothing_else(
    runs: FakeRuns, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "repos.local.yaml").write_text("repositories:\n  evv: {ports: 9000-9001}\n")
    assert main_inner(shlex.split("run evv evv_core traction --quiet")) == 0
    words = [line.split(" ")[0] for line in capsys.readouterr().out.splitlines() if line and not line.startswith(" ")]
    assert words == ["evv_core:", "traction:", "MODULE", "evv_core", "traction", "summary:"]


def test_a_wrong_configuration_ends_with_2_and_names_the_file(
    runs: FakeRuns, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "repos.yaml").write_text(YAML.replace("prefix: evv", "prefx: evv"))
    assert main_inner(["run", "evv", "traction"]) == 2
    expected = "Error: repos.yaml:6: repositories.evv.prefx: unknown key. Perhaps you meant 'prefix'?\n"
    assert capsys.readouterr().err == expected


def test_a_folder_without_configuration_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main_inner(["run", "evv", "traction"]) == 2
    assert f"no repos.yaml in {tmp_path} or above it" in capsys.readouterr().err


def test_a_folder_that_this_user_may_not_enter_ends_with_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def is_hidden(path: Path, **_options: bool) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "stat", is_hidden)
    monkeypatch.setattr(Path, "lstat", is_hidden)
    assert main_inner(["list"]) == 2
    expected = f"Error: repos.yaml cannot be looked for: Permission denied: {tmp_path}/repos.yaml."
    assert expected in capsys.readouterr().err


def test_the_configuration_is_found_from_a_folder_below(runs: FakeRuns, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "evv/addons/traction")
    assert main_inner(["run", "evv", "traction"]) == 0
    assert runs.calls[0].repository.path == folder / "evv"


def test_a_run_gets_the_repository_the_options_and_the_command(runs: FakeRuns) -> None:
    options = ["--test-tags", "/traction:Test A", "--health-timeout", "5", "--test-timeout", "7", "--keep", "failed"]
    assert main_inner(["run", "evv", "traction", *options]) == 0
    (request,) = runs.calls
    assert (request.repository.name, request.module) == ("evv", "traction")
    assert request.options == Options(health_timeout=5, test_timeout=7, test_tags="/traction:Test A", keep=Keep.FAILED)
    assert request.proof.name == "proof_of_execution_tests.log"
    assert shlex.split(request.command) == ["python", "-m", "runner", "run", "evv", "traction", *options]


def test_a_key_that_cannot_sign_ends_with_2_before_anything_is_started(
    runs: FakeRuns, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main_inner(["run", "evv", "traction", "--sign-key", "gone"]) == 2
    assert capsys.readouterr().err == "Error: --sign-key: there is no file gone.\n"
    assert runs.calls == []


def test_two_reports_on_standard_output_end_with_2(runs: FakeRuns, capsys: pytest.CaptureFixture[str]) -> None:
    assert main_inner(["run", "evv", "traction", "--json", "-", "--junit", "-"]) == 2
    assert capsys.readouterr().err == "Error: Only one report can go to standard output (`-`).\n"
    assert runs.calls == []


def test_a_run_gets_what_is_asked_of_odoo_besides_the_module(runs: FakeRuns, folder: Path) -> None:
    (folder / "repos.yaml").write_text(YAML.replace("path: evv,", "path: evv, demo: true, languages: [fr_FR],"))
    assert main_inner(["run", "evv", "traction"]) == 0
    assert main_inner(["run", "evv", "traction", "--no-demo", "--language", "de_DE", "--language", "de_DE"]) == 0
    assert [(request.repository.demo, request.repository.languages) for request in runs.calls] == [
        (True, ("fr_FR",)),
        (False, ("de_DE",)),
    ]


@pytest.mark.parametrize(
    ("words", "tests"),
    [
        (["traction"], ()),
        (["traction:TestRock.test_one", "traction:TestRock.test_two"], ("TestRock.test_one", "TestRock.test_two")),
        (["evv/addons/traction/tests/test_rock.py", "--path", "evv"], ("tests/test_rock.py",)),
    ],
)
def test_a_watch_gets_what_a_run_would_and_reads_it_anew(
    runs: FakeRuns, rock: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], tests: tuple[str, ...]
) -> None:
    found: list[Request] = []

    class FakeWatch:
        def __init__(self, request: Request, again: Callable[[], Request], settings: list[Path], *_: object) -> None:
            assert settings == [folder / "repos.yaml", folder / "repos.local.yaml"]
            (folder / "repos.yaml").write_text(YAML.replace("path: evv,", "path: evv, languages: [fr_FR],"))
            found.extend((request, again()))

        def run(self) -> int:
            return 130

    monkeypatch.setattr("runner.run.watching.Watch", FakeWatch)
    assert main_inner(["run", "evv", *words, "--watch", "--demo", "--test-timeout", "7"]) == 130
    assert [request.repository.languages for request in found] == [(), ("fr_FR",)]
    for request in found:
        assert (request.module, request.repository.demo, request.options.watch) == ("traction", True, True)
        assert request.options.test_timeout == 7
        assert request.options.tests == tests
    assert runs.calls == []


def test_every_module_is_run_in_every_series_that_is_asked_for(
    runs: FakeRuns, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "repos.yaml").write_text(YAML.replace("{odoo: ", "{series: {'17.0': 'odoo:17.0', '19.0': mine}, odoo: "))
    asked = ["run", "evv", "traction", "--odoo", "17.0,19.0,17.0"]
    assert main_inner(asked) == 0
    assert [(request.repository.series, request.repository.images.odoo) for request in runs.calls] == [
        ("17.0", "odoo:17.0"),
        ("19.0", "mine"),
    ]
    monkeypatch.setenv("ODOO_IMAGE", "another")
    assert main_inner(asked) == 2
    assert "Either --odoo, with the images of repos.yaml, or an image in the variable ODOO_IMAGE" in capsys.readouterr().err


def test_every_module_is_run_once_in_the_order_given(runs: FakeRuns) -> None:
    main_inner(["run", "evv", "traction", "evv_core", "traction"])
    assert runs.modules == ["traction", "evv_core"]
    assert [request.proof.name for request in runs.calls] == [
        "proof_of_execution_tests.traction.log",
        "proof_of_execution_tests.evv_core.log",
    ]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ({}, 0),
        ({"traction": 1}, 1),
        ({"evv_core": 1}, 1),
        ({"traction": 1, "evv_core": 7}, 7),
        ({"traction": 8, "evv_core": 1}, 8),
    ],
)
def test_the_worst_of_several_outcomes_is_the_exit_code(runs: FakeRuns, codes: dict[str, int], expected: int) -> None:
    runs.codes = codes
    assert main_inner(["run", "evv", "traction", "evv_core"]) == expected
    assert runs.modules == ["traction", "evv_core"]


def test_after_a_signal_no_further_module_is_started(runs: FakeRuns) -> None:
    runs.interrupting, runs.codes = 2, {"traction": 130}
    assert main_inner(["run", "evv", "traction", "evv_core"]) == 130
    assert runs.modules == ["traction"]


@pytest.fixture
def rock(folder: Path) -> Path:
    """A module of evv with a test."""
    tests = folder / "evv/addons/traction/tests"
    tests.mkdir()
    (tests / "__init__.py").write_text("from . import test_rock\n")
    file = tests / "test_rock.py"
    file.write_text("class TestRock(TransactionCase):\n    def test_one(self): ...\n    def test_two(self): ...\n")
    return file


def test_tests_of_one_module_run_in_one_run_beside_other_modules(runs: FakeRuns, rock: Path) -> None:
    words = ["traction:TestRock.test_one", "evv_core", "traction:TestRock.test_two"]
    assert main_inner(["run", "evv", *words, "-x", "--repeat", "2"]) == 0
    both = ("TestRock.test_one", "TestRock.test_two")
    assert [(request.name, request.options.tests) for request in runs.calls] == [
        ("traction #1", both),
        ("traction #2", both),
        ("evv_core #1", ()),
        ("evv_core #2", ()),
    ]
    assert all(request.options.exit_first for request in runs.calls)


@pytest.mark.parametrize(("option", "expected"), [(["--test-tags", "x"], "--test-tags"), (["--last-failed"], "--last-failed")])
def test_only_one_way_may_say_which_tests_are_run(
    runs: FakeRuns, rock: Path, capsys: pytest.CaptureFixture[str], option: list[str], expected: str
) -> None:
    assert main_inner(["run", "evv", "traction:TestRock", *option]) == 2
    assert f"Either tests by name or {expected}, not both" in capsys.readouterr().err
    assert runs.calls == []


def test_of_all_modules_only_those_run_of_which_tests_are_known_to_have_failed(
    runs: FakeRuns, rock: Path, folder: Path
) -> None:
    shutil.copytree(rock.parent, folder / "evv/addons/evv_core/tests")
    assert main_inner(["run", "evv", "--all", "--last-failed"]) == 0
    assert runs.modules == ["evv_core", "traction"]
    os.chdir(folder)  # a run leaves it, as it may be deleted
    (folder / "evv/.agent-tests").mkdir()
    (folder / "evv/.agent-tests/last_failed.traction").write_text("TestRock.test_two\n")
    assert main_inner(["run", "evv", "--all", "--last-failed"]) == 0
    assert [(request.module, request.options.tests) for request in runs.calls[2:]] == [("traction", ("TestRock.test_two",))]


def test_another_checkout_is_used_for_the_search_and_the_run(runs: FakeRuns, folder: Path) -> None:
    write_module(folder / "worktree/addons", "only_there")
    assert main_inner(["run", "evv", "only_there", "--path", "worktree"]) == 0
    assert runs.calls[0].repository.path == folder / "worktree"
    assert runs.calls[0].repository.addons == (folder / "worktree/addons",)


def test_the_summary_tells_the_verdict_the_reasons_and_the_log(runs: FakeRuns, capsys: pytest.CaptureFixture[str]) -> None:
    runs.codes = {"traction": 1}
    main_inner(["run", "evv", "traction"])
    assert capsys.readouterr().out.splitlines()[-4:] == [
        "traction: FAILED  no test ran",
        "  why",
        "  in two lines",
        "  log: /p.log",
    ]


def test_a_local_file_that_overrides_is_said_in_the_first_line(
    runs: FakeRuns, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main_inner(["run", "evv", "traction"])
    assert "overrides" not in capsys.readouterr().out
    os.chdir(folder)  # a run leaves it, as it may be deleted
    (folder / "repos.local.yaml").write_text("defaults:\n  ports: 9000-9001\n")
    main_inner(["run", "evv", "traction"])
    assert capsys.readouterr().out.splitlines()[0] == "repos.local.yaml overrides repos.yaml on this machine"
    assert list(runs.calls[-1].repository.ports) == [9000, 9001]


@pytest.mark.parametrize(
    ("error", "expected"), [(EngineUnavailable("no daemon"), 3), (Interrupted(15), 143), (Interrupted(1), 129)]
)
def test_errors_and_signals_outside_a_run_become_a_message_and_their_code(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, expected: int
) -> None:
    def cleanup(*_: object) -> int:
        raise error

    monkeypatch.setattr("runner.cli.main.cleanup", cleanup)
    assert main_inner(["cleanup"]) == expected
    assert capsys.readouterr().err == f"Error: {error}\n"


def test_every_command_has_a_function_which_gets_what_was_asked_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Namespace] = []

    def function(given: Namespace, settings: Config, _terminal: Terminal, **_: object) -> int:
        assert list(settings.repositories) == ["evv", "hub"]
        asked.append(given)
        return len(asked)

    functions = {"list": "list_environments"}
    words = {"shell": ["core"], "logs": ["core"], "snapshots": ["key"], "verify": ["proof.log"]}
    for code, command in enumerate(known_options(), start=1):
        os.chdir(folder)  # commands leave it, as it may be deleted
        monkeypatch.setattr(f"runner.cli.main.{functions.get(command, command)}", function)
        assert main_inner([command, *words.get(command, [])]) == code
    assert [given.command for given in asked] == list(known_options())


def test_a_deleted_working_folder_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert main_inner(["run", "evv", "traction"]) == 2
    assert "current folder is deleted" in capsys.readouterr().err


def test_the_program_itself_exits_with_the_code_and_shows_no_traceback(folder: Path) -> None:
    command = [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); from runner.__main__ import main; main()",
    ]
    done = subprocess.run([*command, "run", "evv", "traktion"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Near names here: traction" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_all_leaves_out_is_said_with_the_reason(runs: FakeRuns, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "evv/addons/traction/tests").mkdir()
    (folder / "evv/addons/traction/tests/test_one.py").touch()
    (folder / "evv/addons/evv_core/__manifest__.py").write_text("{'installable': False}")
    assert main_inner(["run", "evv", "--all"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[:2] == ["left out: evv_core (not installable)", "left out: evv_visits (no tests)"]


@pytest.mark.parametrize("name", ["--help", "my-module", "x\x1b[31m\nred"])
def test_a_folder_of_any_name_stops_neither_all_nor_matrix_and_does_nothing_to_the_terminal(
    runs: FakeRuns, folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (folder / "evv/addons/traction/tests").mkdir()
    (folder / "evv/addons/traction/tests/test_one.py").touch()
    shutil.copytree(folder / "evv/addons/traction", folder / "evv/addons" / name)
    assert main_inner(["run", "evv", "--all"]) == 0
    assert main_inner(["matrix", "evv"]) == 0
    captured = capsys.readouterr()
    said = [line for line in (captured.out + captured.err).splitlines() if "only letters, digits and underscores" in line]
    assert len(said) == 2
    assert all(line.isprintable() for line in said)
    assert '"include": [{"repository": "evv", "name": "traction", "modules": "traction"}]' in captured.out


def test_more_jobs_than_ports_are_not_started(
    runs: FakeRuns, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "repos.local.yaml").write_text("defaults: {ports: 9000-9001}")
    monkeypatch.setattr("runner.cli.run.make", lambda wanted, *_: wanted.jobs)
    assert main_inner(["run", "evv", "evv_core", "evv_visits", "traction", "--jobs", "3"]) == 2
    assert "at most 2 at once: the repository has 2 ports (9000-9001)" in capsys.readouterr().out


def test_of_several_one_after_another_each_stands_apart(runs: FakeRuns, capsys: pytest.CaptureFixture[str]) -> None:
    main_inner(["run", "evv", "traction", "evv_core"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[lines.index("evv_core: PASSED  no test ran") - 3 :][:3] == ["  log: /p.log", "", ""]
    assert "MODULE    VERDICT  TESTS" in "\n".join(lines)


def test_a_summary_that_cannot_be_written_is_no_matter_of_a_report(
    runs: FakeRuns, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "evv/proof_of_execution_tests.log").mkdir()
    assert main_inner(["run", "evv", "traction", "evv_core"]) == 2
    assert f"must be able to write and remove files in {folder / 'evv'}" in capsys.readouterr().err


def test_what_did_not_start_with_fail_fast_is_said(runs: FakeRuns, capsys: pytest.CaptureFixture[str]) -> None:
    runs.codes = {"traction": 1}
    main_inner(["run", "evv", "traction", "evv_core", "--fail-fast"])
    assert "evv_core  NOT RUN: not started (--fail-fast)" in capsys.readouterr().out


def test_a_further_signal_is_answered(
    runs: FakeRuns, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice(_request: object, _environ: object, _terminal: object, signals: Signals) -> Outcome:
        signals.shield()
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        return Outcome("traction", 130, "INTERRUPTED", (), Path("/p.log"))

    monkeypatch.setattr(call, "run_module", twice)
    assert main_inner(["run", "evv", "traction"]) == 130
    assert "  teardown is under way and is not interrupted\n" in capsys.readouterr().out


@pytest.mark.parametrize("word", ["-h", "--help"])
def test_help_without_a_command_tells_all_of_them(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main_inner([word])
    assert caught.value.code == 0
    told = capsys.readouterr().out
    assert [line.split()[0] for line in told.splitlines() if re.match("    [a-z]+( |$)", line)] == list(known_options())
    for part in ("usage: python -m runner COMMAND", "Each has its own --help", "For example: nox -s odoo_tests"):
        assert part in told


@pytest.mark.parametrize("command", known_options())
def test_every_help_fits_80_columns_and_explains_every_option(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main_inner([command, "--help"])
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= 80
    assert not re.search(r"^  -\S+(?: [A-Z]+)?\s*\n(?=  -|\n|\Z)", told, re.MULTILINE)  # an option without a word
