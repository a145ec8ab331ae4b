"""`run`: which modules are asked for, and how they are to be tested."""

import argparse
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runner.ci_sections import ci_of
from runner.cli.arguments import EXAMPLE, RUN_USAGE
from runner.config import repositories as config
from runner.config.names import CONFIG, LOCAL_CONFIG
from runner.config.odoo_options import LANGUAGE
from runner.config.options import Debugger, Keep, Options, Ref
from runner.errors import ExitCode, UsageError
from runner.naming import shown
from runner.odoo.module_search import find_module, repositories_with
from runner.reporting.coverage_reports import coverage_reports
from runner.reporting.machine_reports import MachineReports
from runner.run.call import Call, make, one_engine
from runner.run.changed import only_changed
from runner.run.debugging import DEBUGPY
from runner.run.module_run import Request
from runner.run.selection import modules_with_tests
from runner.run.targets import last_failed, targets_of
from runner.signals import Signals
from runner.terminal import Terminal
from runner.verdict.javascript import read_javascript


def run(
    given: argparse.Namespace,
    settings: config.Config,
    terminal: Terminal,
    *,
    signals: Signals,
    command_line: str,
    output: int | None = None,
) -> int:
    """Test the modules and return the exit code; `command_line` is what the proof log says was run.

    `output`: the stream of the report that goes to standard output, if one does.

    UsageError, before anything is started, for a repository or a module that does not exist.
    """
    wanted = _call(given, settings, terminal, command_line)
    if given.sign_key:
        from runner.reporting.signature import check_key  # noqa: PLC0415 - most runs sign nothing

        check_key(given.sign_key)
    more = {"html": given.html, "in_toto": given.in_toto}
    of_coverage = coverage_reports(given.coverage_xml, given.coverage_html, wanted.repository)
    machine_reports = MachineReports(given.junit, given.json, wanted.repository.name, output, more=of_coverage, **more)
    if not wanted.modules:
        terminal.closing(["Nothing is to be tested, and nothing was started."])
        return ExitCode.PASSED
    if len(settings.files) > 1:
        terminal.line(f"{settings.files[-1].name} overrides {settings.files[0].name} on this machine")
    if not given.watch:
        return make(wanted, machine_reports, terminal, signals, os.environ)
    from runner.run.watching import Watch  # noqa: PLC0415 - what follows files takes its time, for this alone

    folder = settings.files[0].parent

    def again() -> Request:
        return _call(given, config.load(folder, os.environ), terminal, command_line).requests[0]

    files = [folder / CONFIG, folder / LOCAL_CONFIG]
    return Watch(wanted.requests[0], again, files, one_engine(os.environ), terminal, signals).run()


def _call(given: argparse.Namespace, settings: config.Config, terminal: Terminal, command_line: str) -> Call:
    """Return what the arguments ask for; no modules where none changed. UsageError and ConfigError, as of `run`."""
    if given.repository is None:
        raise UsageError(f"Which repository and module?\nUsage: {RUN_USAGE}\n{EXAMPLE}")
    if given.verbose and given.jobs > 1:
        raise UsageError("--verbose: of runs side by side (--jobs) nobody could read it. The log of each has all of it.")
    if given.debugger or given.debugpy:
        _check_debugger(given)
    if given.watch:
        _check_watch(given)
    repository = _repository(given.repository, settings)
    if given.path:
        repository = config.at_checkout(repository, given.path)
    if given.demo is not None:
        repository = repository.model_copy(update={"demo": given.demo})
    if wrong := [code for code in given.language if not LANGUAGE.fullmatch(code)]:
        raise UsageError(f"--language: must be the code of a language, such as de_DE (given: {wrong[0]!r})")
    if given.language:
        repository = repository.model_copy(update={"languages": tuple(dict.fromkeys(given.language))})
    if given.odoo and os.environ.get("ODOO_IMAGE"):
        raise UsageError("Either --odoo, with the images of repos.yaml, or an image in the variable ODOO_IMAGE, not both.")
    in_series = [config.in_series(repository, series) for series in given.odoo]
    targets = _targets(given, repository, settings, terminal)
    debugger = Debugger.PDB if given.debugger else Debugger.DEBUGPY if given.debugpy else Debugger.NONE
    if given.watch and len(targets) > 1:
        raise _no_watch(["several modules"])
    if debugger is not Debugger.NONE and len(targets) > 1:
        raise _no_debugger(["several modules"])
    upgrade = _upgrade(given, repository, targets) if given.upgrade_from else {}
    options = Options(
        given.health_timeout,
        given.test_timeout,
        given.test_tags,
        Keep(given.keep),
        given.strict or given.strict_all,
        given.wait_for_port,
        snapshot=not given.no_snapshot,
        strict_all=given.strict_all,
        max_log=given.max_log,
        javascript=given.js,
        exit_first=given.exitfirst,
        watch=given.watch,
        sign_key=given.sign_key.absolute() if given.sign_key else None,
        debugger=debugger,
        reinstall=given.reinstall,
        **_with_tools(given),
    )
    wanted_jobs = min(given.jobs, len(targets) * max(1, len(in_series)) * given.repeat)
    jobs = min(wanted_jobs, len(list(repository.ports)))
    if jobs < wanted_jobs:
        terminal.line(f"at most {jobs} at once: the repository has {jobs} ports ({repository.ports})")
    more = {"tests": targets, "upgrade": upgrade, "repeat": given.repeat, "slowest": given.slowest}
    return Call(repository, list(targets), options, command_line, jobs, given.fail_fast, in_series, **more)


def _upgrade(given: argparse.Namespace, repository: config.RepoConfig, modules: Iterable[str]) -> dict[str, tuple[Ref, bool]]:
    """Return for each module the commit to upgrade it from, and whether that has it.

    UsageError, before anything is started, where git knows no such commit, or a module that was named was not there then.
    """
    from runner.upgrade.revision import read_revision  # noqa: PLC0415 - few calls have one

    revision = read_revision(repository, given.upgrade_from)
    for module in modules if given.modules else ():
        if module not in revision.modules:
            raise revision.lacks(module)
    return {module: (revision.ref, module in revision.modules) for module in modules}


def _with_tools(given: argparse.Namespace) -> dict[str, Any]:
    """Return what is asked for that the image needs a tool for."""
    if given.debugpy:
        return {"tools": (DEBUGPY,)}
    if not (given.coverage or given.coverage_html or given.coverage_xml or given.fail_under is not None):
        return {}
    from runner.odoo.coverage_command import COVERAGE  # noqa: PLC0415 - few runs are measured

    return {"coverage": True, "fail_under": given.fail_under, "tools": (COVERAGE,)}


def _check_watch(given: argparse.Namespace) -> None:
    """Check that --watch comes with nothing that it cannot do. UsageError says what that is."""
    if wrong := _given({**_beyond_one(given), "--keep": given.keep != "never"}):
        raise _no_watch(wrong)


def _check_debugger(given: argparse.Namespace) -> None:
    """Check that there is a person to debug, and nothing that a debugger cannot do. UsageError says what that is."""
    from runner.docker.attended import has_terminal  # noqa: PLC0415 - for this alone

    more = {"--watch": given.watch, "--quiet": given.quiet, "--js": given.js, "--verbose": given.verbose and given.debugger}
    if wrong := _given({**_beyond_one(given), **more}):
        raise _no_debugger(wrong)
    option = "--debugger" if given.debugger else "--debugpy"
    if ci_of(os.environ) or os.environ.get("CI", "").lower() in ("true", "1"):
        raise UsageError(f"{option}: this is a job of a CI, in which nobody debugs. Leave it out.")
    if given.debugger and not has_terminal():
        raise UsageError(
            "--debugger: a person debugs in a terminal, and standard input or output is none, or this process is in its "
            "background.\nRun it in the foreground of a terminal, without a pipe, or use --debugpy with an editor."
        )


def _beyond_one(given: argparse.Namespace) -> dict[str, object]:
    """What makes no sense for one run that a person follows: by the name of an option, whether it is given."""
    return {
        "--all": given.all,
        "--changed-since": given.changed_since,
        "--jobs": given.jobs > 1,
        "several --odoo": len(given.odoo) > 1,
        "--junit": given.junit,
        "--json": given.json,
        "--html": given.html,
        "--in-toto": given.in_toto,
        "--repeat": given.repeat > 1,
        "--slowest": given.slowest,
        "--sign-key": given.sign_key,
        "--upgrade-from": given.upgrade_from,
        "--reinstall": given.reinstall,
        "--coverage": given.coverage,
        "--coverage-html": given.coverage_html,
        "--coverage-xml": given.coverage_xml,
        "--fail-under": given.fail_under is not None,
    }


def _given(options: Mapping[str, object]) -> list[str]:
    return [name for name, is_given in options.items() if is_given]


def _no_debugger(wrong: Sequence[str]) -> UsageError:
    return UsageError(f"A person debugs one run, of one module, which proves nothing: not with {', '.join(wrong)}.")


def _no_watch(wrong: Sequence[str]) -> UsageError:
    told = "--watch tests one module until Ctrl+C, writes no report and leaves nothing standing"
    return UsageError(f"{told}: not with {', '.join(wrong)}.")


def _repository(name: str, settings: config.Config) -> config.RepoConfig:
    """Return the repository of that name. UsageError, with the command to give, for the name of a module or of its tests."""
    module = name.partition(":")[0]
    if name not in settings.repositories and (having := repositories_with(module, settings.repositories)):
        commands = "\n".join(f"  nox -s odoo_tests -- {repository} {name}" for repository in having)
        raise UsageError(f"{module!r} is a module; the repository goes before it:\n{commands}")
    return settings.repository(name)


def _targets(
    given: argparse.Namespace, repository: config.RepoConfig, settings: config.Config, terminal: Terminal
) -> dict[str, tuple[str, ...]]:
    """Return the modules that are asked for, each with the tests that alone are: none only where none changed since a commit.

    UsageError if no module is asked for, or something does not exist.
    """
    if given.all or given.changed_since:
        if given.modules:
            option = "--changed-since" if given.changed_since else "--all"
            raise UsageError(f"Either {option} or names of modules ({', '.join(dict.fromkeys(given.modules))}), not both.")
        targets: dict[str, tuple[str, ...]] = dict.fromkeys(_all_modules(given, repository, settings, terminal), ())
    elif given.modules:
        targets = targets_of(given.modules, repository, settings.repositories)
    else:
        raise UsageError(f"Which module of {repository.name}?\nUsage: {RUN_USAGE}\n{EXAMPLE}")
    for module in targets:
        folder = find_module(module, repository, settings.repositories)
        if given.js and given.modules and not read_javascript(folder).hoot:
            raise UsageError(f"--js: {module} has no JavaScript tests of Odoo 18 and newer (static/tests/**/*.test.js).")
    by_name = "tests by name" if any(targets.values()) else ""
    ways = [*filter(None, (by_name, "--test-tags" * bool(given.test_tags), "--last-failed" * given.last_failed))]
    if len(ways) > 1:
        raise UsageError(f"Either {' or '.join(ways)}, not both: each says which tests are run.")
    return last_failed(list(targets), repository, terminal.line) if given.last_failed else targets


def _all_modules(
    given: argparse.Namespace, repository: config.RepoConfig, settings: config.Config, terminal: Terminal
) -> Sequence[str]:
    selection = modules_with_tests(repository)
    for module, reason in selection.left_out.items():
        terminal.line(f"left out: {shown(module)} ({reason})")
    if not selection.modules:
        raise UsageError(f"No module of {repository.name} has tests. Looked in: {', '.join(map(str, repository.addons))}")
    if given.changed_since:
        selection = only_changed(selection, repository, settings.files, given.changed_since, terminal.line)
    return selection.modules
