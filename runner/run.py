"""One run: one module, one environment, one verdict, one log."""

import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from . import odoo, reports
from .config import RepoConfig
from .environment import Environment
from .errors import ExitCode, Interrupted, RunnerError
from .naming import LABEL_PREFIX, project_name
from .owner import this_process
from .progress import Terminal
from .signals import Signals
from .teardown import TOKEN_VARIABLE, Report
from .verdict import Verdict, judge

# For what the engine needs beyond the tests' own time before it is taken for stalled.
_STREAM_MARGIN = 60.0
_QUERY_TIMEOUT = 60.0


@dataclass(frozen=True)
class Options:
    """What the command line says of each run; times in seconds."""

    health_timeout: float
    test_timeout: float
    test_tags: str | None = None


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the runner's exit code, and the reasons if it is not 0."""

    module: str
    exit_code: int
    word: str
    reasons: tuple[str, ...]
    proof: Path
    verdict: Verdict | None = None


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

    Returns the outcome also for errors and signals; UsageError if not even a log can be written.
    """
    started = time.monotonic()
    project, token = project_name(repository.prefix, module), secrets.token_hex(16)
    folder = reports.run_folder(repository.path, project)
    proof = reports.proof_file(repository.path, module, only=only)
    environment = Environment(
        project=project,
        token=token,
        repository=repository,
        folder=folder,
        labels=_labels(repository, module),
        variables={
            TOKEN_VARIABLE: token,
            "DB_PASSWORD": secrets.token_hex(16),
            "ODOO_ADDONS": str(repository.addons[0]),
            "ODOO_IMAGE": repository.images.odoo,
            "POSTGRES_IMAGE": repository.images.postgres,
        },
        health_timeout=options.health_timeout,
        terminal=terminal,
        signals=signals,
    )
    terminal.line(f"{repository.name} / {module}: {project}")
    verdict: Verdict | None = None
    error: RunnerError | Interrupted | None = None
    with reports.ProofLog(folder, proof) as log:
        log.block("PROOF OF EXECUTION", _request(repository, module, command, project))
        try:
            with environment:
                log.block("ENVIRONMENT", _surroundings(environment))
                verdict = _test(environment, repository, module, options, log, terminal)
        except (RunnerError, Interrupted) as problem:
            error = problem
        if signals.first is not None and not isinstance(error, Interrupted):
            error = Interrupted(signals.first)
        outcome = _outcome(module, proof, verdict, error, environment.teardown)
        log.block(
            "VERDICT",
            {
                "verdict": outcome.word,
                "exit code": str(outcome.exit_code),
                "tests": verdict.counts if verdict else "none",
                "ended": reports.now(),
                "duration": f"{time.monotonic() - started:.1f} s",
            },
            [f"  - {line}" for reason in outcome.reasons for line in reason.splitlines()],
            reports.teardown_proof(project, environment.teardown),
        )
        log.publish()
    return outcome


def _test(
    environment: Environment,
    repository: RepoConfig,
    module: str,
    options: Options,
    log: reports.ProofLog,
    terminal: Terminal,
) -> Verdict:
    container, engine = environment.odoo_container, environment.engine
    command = odoo.test_command(module, options.test_tags, len(repository.addons), options.test_timeout)
    output: list[bytes] = []
    begun = time.monotonic()
    with terminal.phase("tests"):
        execution = engine.execute(container, command, options.test_timeout + odoo.KILL_AFTER + _STREAM_MARGIN)
        for line in execution:
            output.append(line)
            log.raw(line)
            terminal.raw(line)
    timed_out = execution.exit_code in (124, 137) and time.monotonic() - begun >= options.test_timeout
    query = engine.execute(container, odoo.states_command([module]), _QUERY_TIMEOUT)
    answer = b"".join(query).decode(errors="replace").strip()
    return judge(
        module=module,
        odoo_exit=execution.exit_code,
        log=b"".join(output).decode(errors="replace"),
        states=odoo.parse_states(answer) if query.exit_code == 0 else answer or f"exit code {query.exit_code} of psql",
        database=odoo.DATABASE,
        timed_out=timed_out,
    )


def _outcome(
    module: str, proof: Path, verdict: Verdict | None, error: RunnerError | Interrupted | None, teardown: Report | None
) -> Outcome:
    """What is left outweighs a signal, a signal an error, an error the tests."""
    reasons = [str(error)] if error else list(verdict.reasons if verdict else ())
    if error:
        word, exit_code = ("INTERRUPTED" if isinstance(error, Interrupted) else "ERROR"), error.exit_code
    else:
        assert verdict
        word, exit_code = verdict.word, verdict.exit_code
    if teardown and not teardown.complete:
        reasons.insert(0, "the environment could not be removed entirely; see the listing; remove it with: nox -s cleanup")
        word, exit_code = "LEFT BEHIND", ExitCode.LEFT_BEHIND
    return Outcome(module, int(exit_code), word, tuple(reasons), proof, verdict)


def _labels(repository: RepoConfig, module: str) -> dict[str, str]:
    about = {"repository": repository.name, "module": module, "started": reports.now()}
    return {LABEL_PREFIX + key: value for key, value in about.items()} | this_process().labels()


def _request(repository: RepoConfig, module: str, command: str, project: str) -> dict[str, str]:
    return {
        "run": project,
        "command": command,
        "started": reports.now(),
        "repository": f"{repository.name} at {repository.path}",
        "module": module,
        "compose file": str(repository.compose_file),
    }


def _surroundings(environment: Environment) -> dict[str, str]:
    facts = {"engine": f"Docker {environment.engine_version}", "port": f"127.0.0.1:{environment.port}"}
    return facts | {f"image {name}": digest for name, digest in environment.images.items()}
