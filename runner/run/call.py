"""One call: the modules that it asks for, one after another or side by side, and what is said of them together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

from runner.config.options import Options, Ref
from runner.config.repositories import RepoConfig
from runner.docker.endpoint import pin, settle
from runner.errors import ExitCode, ReportFailed, RunnerError
from runner.odoo.addons import modules_of
from runner.reporting import proof_log as reports
from runner.reporting.last_failed import remember
from runner.reporting.machine_reports import MachineReports
from runner.reporting.provenance import commit_of
from runner.reporting.repeated import repeated_lines
from runner.reporting.report_file import remove_earlier
from runner.reporting.slowest import slowest_lines
from runner.reporting.summary import joint_table, lines_for, write_joint
from runner.run.display import board_for
from runner.run.module_run import Request, run_module
from runner.run.side_by_side import Ended, SideBySide
from runner.signals import Signals
from runner.terminal import Terminal


@dataclass(frozen=True)
class Call:
    """What a command line asks for: modules of one repository, at most `jobs` at once; `command` is for the log.

    `in_series`: the repository with each series of Odoo that was asked for; without any, with its own. `tests`: by module,
    those that alone are tested. `upgrade`: by module, the commit that it is upgraded from, and whether that has it. `repeat`:
    how many times each runs. `slowest`: how many of the slowest tests are told.
    """

    repository: RepoConfig
    modules: Sequence[str]
    options: Options
    command: str
    jobs: int = 1
    fail_fast: bool = False
    in_series: Sequence[RepoConfig] = ()
    tests: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    upgrade: Mapping[str, tuple[Ref, bool]] = field(default_factory=dict)
    repeat: int = 1
    slowest: int = 0

    @property
    def joint_file(self) -> Path | None:
        """Where the joint summary goes; a single module has its log there."""
        return reports.proof_file(self.repository.path, "", only=True) if len(self.requests) > 1 else None

    @property
    def requests(self) -> list[Request]:
        """The runs of each module, in each series, with where the log of each goes."""
        repeats = range(1, self.repeat + 1) if self.repeat > 1 else (0,)
        runs = list(product(self.modules, self.in_series or (self.repository,), repeats))
        return [
            Request(
                repository,
                module,
                self._options_of(module),
                self.command,
                reports.proof_file(
                    repository.path,
                    ".".join(filter(None, (module, repository.series, str(repeat or "")))),
                    only=len(runs) == 1,
                ),
                repeat,
            )
            for module, repository, repeat in runs
        ]

    def _options_of(self, module: str) -> Options:
        options = replace(self.options, tests=self.tests.get(module, ()))
        if module not in self.upgrade:
            return options
        ref, has_it = self.upgrade[module]
        return replace(options, upgrade_from=ref) if has_it else replace(options, new_since=ref)


def make(call: Call, machine_reports: MachineReports, terminal: Terminal, signals: Signals, environ: Mapping[str, str]) -> int:
    """Run every module, say what became of each and of all, write the reports, and return the exit code."""
    started, commit = reports.now(), ""
    # All of them, before the first run: an earlier call's must not be taken for those of runs that come to none.
    repeated = [proof for module in call.modules for proof in reports.repetitions(call.repository.path, module)]
    for proof in (call.joint_file, *(request.proof for request in call.requests), *repeated):
        for file in reports.with_signature(proof) if proof else ():
            remove_earlier(file, reports.must_be_writable(call.repository.path), followed=False)
    if call.joint_file:  # before the runs; the log of a single one has it by itself
        commit = commit_of(call.repository.path, modules_of(call.repository).values())
    run = _side_by_side if call.jobs > 1 else _one_after_another
    ended = run(call, one_engine(environ), terminal, signals)
    if faults := remember(call.repository.path, ended.outcomes):
        terminal.closing(faults)
    if slowest := slowest_lines(ended.outcomes, call.slowest):
        terminal.closing(slowest)
    about = (ended.outcomes, environ, lambda line: terminal.closing([line]), terminal.for_a_program)
    code = machine_reports.write(*about, ended.not_run)
    if signals.first is not None and code != ExitCode.LEFT_BEHIND:
        code = max(code, 128 + signals.first)  # also where the signal came after the last run had ended
    if call.joint_file:
        facts = {
            "command": call.command,
            "repository": f"{call.repository.name} at {call.repository.path}",
            "commit": commit,
            "started": started,
            "ended": reports.now(),
            "exit code": str(code),
        }
        code = _say_together(call.joint_file, facts, ended, code, terminal)
    return code


def one_engine(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment that names one engine for all runs, whatever becomes of its context meanwhile."""
    try:
        return settle(environ).environ
    except RunnerError:  # every run says it, in its log
        return pin(environ)


def _say_together(file: Path, facts: Mapping[str, str], ended: Ended, code: int, terminal: Terminal) -> int:
    terminal.closing(["", *joint_table(ended.outcomes, ended.not_run), *repeated_lines(ended.outcomes)])
    try:
        write_joint(file, facts, ended.outcomes, ended.not_run)
    except ReportFailed as error:
        terminal.closing([f"Error: {error}"])
        return code or int(error.exit_code)
    terminal.closing([f"summary: {file}"])
    return code


def _one_after_another(call: Call, environ: Mapping[str, str], terminal: Terminal, signals: Signals) -> Ended:
    ended, requests = Ended(), call.requests
    for at, request in enumerate(requests):
        if at:
            terminal.line()
        outcome = run_module(request, environ, terminal, signals)
        ended.outcomes.append(outcome)
        terminal.closing(lines_for(outcome), outcome.label)
        if signals.first is not None or (call.fail_fast and outcome.exit_code):
            why = "interrupted" if signals.first is not None else "not started (--fail-fast)"
            ended.not_run |= {later.name: why for later in requests[at + 1 :]}
            break
    return ended


def _side_by_side(call: Call, environ: Mapping[str, str], terminal: Terminal, signals: Signals) -> Ended:
    board = board_for(terminal, [request.name for request in call.requests])
    runs = SideBySide(call.jobs, environ, fail_fast=call.fail_fast, board=board, signals=signals)
    with board.shown():
        return runs.run(call.requests)
