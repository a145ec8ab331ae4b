"""The demonstrations on the engine: each is played on a stage, and what was seen is recorded."""

from collections.abc import Callable

from runner.errors import ExitCode
from runner.reporting.proof_log import PROOF

from .listings import project_in, what_is_left
from .record import Demonstration, Seen
from .stage import Stage
from .started import Started

_NOTHING_LEFT = "teardown: complete"
# Seconds in which some checks are made, in vain.
_PATIENCE = "3"


def success(stage: Stage) -> tuple[Demonstration, Seen]:
    """The tests pass."""
    expected = Demonstration(
        name="1-success",
        title="Successful run",
        shows="A module whose tests pass: exit code 0, a proof log, and nothing left.",
        exit_code=ExitCode.PASSED,
        says=(f"{stage.subject.module}: PASSED",),
        log_says=("PASSED", _NOTHING_LEFT),
    )
    return expected, _run(stage)


def failure(stage: Stage) -> tuple[Demonstration, Seen]:
    """A test fails on purpose, in a copy of the checkout."""
    stage.checkout("failing", stage.subject.fails)
    expected = Demonstration(
        name="2-failure",
        title="Failing test",
        shows="A copy of the checkout with one more test, which fails on purpose, tested by `--path`: exit code 1, "
        "the test is named, and nothing is left.",
        exit_code=ExitCode.FAILED,
        says=(f"{stage.subject.module}: FAILED", stage.subject.failing),
        log_says=("FAILED", _NOTHING_LEFT),
    )
    return expected, _run(stage, checkout="failing")


def interrupt(stage: Stage) -> tuple[Demonstration, Seen]:
    """Ctrl+C while a test runs."""
    stage.checkout("waiting", stage.subject.waits)
    expected = Demonstration(
        name="3-interrupt",
        title="Ctrl+C while the tests run",
        shows="A copy of the checkout with one more test, which waits for an hour. When its start is shown (`--verbose`), "
        "SIGINT goes to the process group, as from a terminal: exit code 130, and nothing is left.",
        exit_code=130,
        says=(stage.subject.waiting, "SIGINT: ending the run and tearing down"),
        log_says=("INTERRUPTED", _NOTHING_LEFT),
    )
    return expected, _run(stage, checkout="waiting", interrupt_at=stage.subject.waiting)


def ports(stage: Stage) -> tuple[Demonstration, Seen]:
    """Every port of the range is taken."""
    try:
        with stage.busy_ports() as busy:
            stage.configure(busy)
            seen = _run(stage)
    finally:
        stage.configure(stage.subject.ports)
    expected = Demonstration(
        name="4-ports",
        title="All ports busy",
        shows=f"`ports: {busy}` in repos.yaml, all of them held by another process: exit code 4, the holders are named, "
        "and nothing was started.",
        exit_code=ExitCode.NO_PORT,
        says=(f"No free port in {busy}", *(f"{port}: pid " for port in busy.split("-"))),
        log_says=("ERROR", "nothing had been started"),
    )
    return expected, seen


def health(stage: Stage) -> tuple[Demonstration, Seen]:
    """The environment never becomes healthy."""
    try:
        stage.configure(stage.subject.ports, stage.never_healthy())
        seen = _run(stage, "--health-timeout", _PATIENCE)
    finally:
        stage.configure(stage.subject.ports)
    expected = Demonstration(
        name="5-health",
        title="Health timeout",
        shows="A copy of the compose file in which Odoo's health check is `false`, so that it never passes: exit code 5, the "
        "state of its services and their last lines, and nothing left.",
        exit_code=ExitCode.ENVIRONMENT,
        says=(f"Not healthy after {_PATIENCE} s",),
        log_says=("ERROR", _NOTHING_LEFT),
    )
    return expected, seen


PLAYS: tuple[Callable[[Stage], tuple[Demonstration, Seen]], ...] = (success, failure, interrupt, ports, health)


def _run(stage: Stage, *options: str, checkout: str = "checkout", interrupt_at: str | None = None) -> Seen:
    """Run the subject's module; what is left is listed as soon as the command has ended."""
    faults = []
    copy = () if checkout == "checkout" else ("--path", checkout)
    shown = ("--verbose",) if interrupt_at else ()
    with Started(stage.folder, "run", stage.subject.repository, stage.subject.module, *copy, *options, *shown) as run:
        if interrupt_at:
            if run.wait_for(interrupt_at):
                run.ctrl_c()
            else:
                faults.append(f"`{interrupt_at}` did not come, so there was no Ctrl+C")
        exit_code = run.finish()
    project = project_in(run.output, stage.prefix)
    if not project:
        faults.append("the output does not name the run's project")
    log = stage.folder / checkout / f"{PROOF}.log"
    return Seen(
        command=run.command,
        exit_code=exit_code,
        output=run.output,
        log=log.read_text(errors="replace") if log.is_file() else None,
        left=what_is_left(stage.prefix, project),
        faults=tuple(faults),
    )
