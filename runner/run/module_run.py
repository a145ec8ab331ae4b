"""One run: one module, one environment, one verdict, one log."""

import secrets
import time
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from pathlib import Path

from runner.cleanup import keep as keeping
from runner.cleanup.owner import this_process
from runner.config.repositories import RepoConfig
from runner.docker.process import TOKEN_VARIABLE
from runner.environment.compose_project import variables_for
from runner.environment.environment import Environment
from runner.errors import Interrupted, ReportFailed, RunnerError
from runner.naming import LABEL_PREFIX, project_name
from runner.odoo import command as odoo
from runner.odoo.addons import modules_of
from runner.reporting import proof_log as reports
from runner.reporting.outcome import Outcome, decide
from runner.reporting.provenance import commit_of
from runner.run.preparing import Preparation, passed_by_chance
from runner.run.testing import run_tests
from runner.signals import Signals
from runner.snapshots.prepared import PreparedDatabase
from runner.terminal import Terminal
from runner.verdict.sources import read_sources
from runner.verdict.verdict import Verdict


class Keep(Enum):
    """When an environment is left standing after its run."""

    NEVER = "never"
    FAILED = "failed"
    ALWAYS = "always"


@dataclass(frozen=True)
class Options:
    """What the command line says of each run; times in seconds."""

    health_timeout: float
    test_timeout: float
    test_tags: str | None = None
    keep: Keep = Keep.NEVER
    strict: bool = False
    wait_for_port: float = 0.0
    snapshot: bool = True


def run_module(
    repository: RepoConfig,
    module: str,
    options: Options,
    *,
    only: bool,
    command: str,
    terminal: Terminal,
    signals: Signals,
) -> Outcome:
    """Run the tests of one module in an environment of its own and leave nothing behind, however it ends.

    Returns the outcome also for errors and signals; UsageError if no log can be written.
    """
    started = time.monotonic()
    project = project_name(repository.prefix, module)
    folder = reports.run_folder(repository.path, project)
    sources = read_sources(modules_of(repository).get(module, repository.addons[0] / module))
    proof = reports.proof_file(repository.path, module, only=only)
    environment = _environment(repository, module, options, project, folder, terminal, signals)
    terminal.begin(f"{repository.name} / {module}", project)
    verdict: Verdict | None = None
    error: RunnerError | Interrupted | None = None
    with reports.ProofLog(folder, proof) as log:
        log.block("PROOF OF EXECUTION", _request(repository, module, command, project))
        try:
            with environment:
                warnings = [f"warning: {warning}" for warning in environment.warnings]
                log.block("ENVIRONMENT", _surroundings(environment), warnings)
                preparation = Preparation(environment, log, terminal)
                preparation.make(options.test_timeout)
                test = partial(
                    run_tests,
                    environment,
                    module=module,
                    tags=options.test_tags,
                    addons_folders=len(repository.addons),
                    timeout=options.test_timeout,
                    sources=sources,
                    strict=options.strict,
                    log=log,
                    terminal=terminal,
                )
                verdict = test()
                preparation.finish()
                if verdict.passed and (chances := passed_by_chance(environment)):
                    log.block("NOT COUNTED", {"that it passed": "; ".join(chances)})
                    verdict = None
                    environment.start_over(chances[0])
                    verdict = test()
                if options.keep is Keep.ALWAYS or (options.keep is Keep.FAILED and not verdict.passed):
                    environment.keep()
        except (RunnerError, Interrupted) as problem:
            error = problem
        environment.close()
        if signals.first is not None and not isinstance(error, Interrupted):
            error = Interrupted(signals.first)
        outcome = decide(
            module=module, proof=proof, project=project, verdict=verdict, error=error, teardown=environment.teardown
        )
        outcome = replace(outcome, seconds=round(time.monotonic() - started, 2), phases=_rounded(terminal.phases))
        facts = {
            "verdict": outcome.label,
            "exit code": str(outcome.exit_code),
            "tests": outcome.counts,
            "ended": reports.now(),
            "duration": f"{outcome.seconds:.1f} s",
            "phases": ", ".join(f"{name} {seconds:.1f} s" for name, seconds in outcome.phases),
        }
        reasons = [f"  - {line}" for reason in outcome.reasons for line in reason.splitlines()]
        notes = [f"  note: {note}" for note in outcome.notes]
        log.block("VERDICT", facts, reasons, notes, _how_it_was_left(environment, terminal))
        try:
            log.publish()
        except ReportFailed as problem:
            outcome = outcome.without_proof(str(problem))
    return outcome


def _environment(
    repository: RepoConfig,
    module: str,
    options: Options,
    project: str,
    folder: Path,
    terminal: Terminal,
    signals: Signals,
) -> Environment:
    token = secrets.token_hex(16)
    about = {"repository": repository.name, "module": module, "started": reports.now()}
    labels = {LABEL_PREFIX + key: value for key, value in about.items()}
    return Environment(
        project=project,
        token=token,
        repository=repository,
        folder=folder,
        labels=labels | {keeping.FOLDER_LABEL: str(folder)} | this_process().labels(),
        variables={TOKEN_VARIABLE: token, **variables_for(repository, secrets.token_hex(16))},
        health_timeout=options.health_timeout,
        wait_for_port=options.wait_for_port,
        keep_if_it_fails=options.keep is not Keep.NEVER,
        prepared=PreparedDatabase(repository, module, wanted=options.snapshot, may_be_in_memory=options.keep is Keep.NEVER),
        terminal=terminal,
        signals=signals,
    )


def _rounded(phases: list[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    return tuple((name, round(seconds, 2)) for name, seconds in phases)


def _request(repository: RepoConfig, module: str, command: str, project: str) -> dict[str, str]:
    return {
        "run": project,
        "command": command,
        "started": reports.now(),
        "repository": f"{repository.name} at {repository.path}",
        "commit": commit_of(repository.path),
        "module": module,
        "compose file": str(repository.compose_file),
    }


def _surroundings(environment: Environment) -> dict[str, str]:
    facts = {"engine": f"Docker {environment.engine_version}", "port": f"127.0.0.1:{environment.port}"}
    return facts | {f"image {name}": digest for name, digest in environment.images.items()}


def _how_it_was_left(environment: Environment, terminal: Terminal) -> list[str]:
    if environment.kept and environment.teardown is None:
        hints = keeping.how_to_use(environment.project, environment.port, odoo.DATABASE)
        for line in hints:
            terminal.line(line)
        return hints
    return reports.teardown_proof(environment.project, environment.teardown)
