"""`cleanup` and `list`: what a person does by hand about environments that stand."""

from collections.abc import Sequence

from runner.cleanup import orphans as janitor
from runner.cleanup.orphans import REPOSITORY_LABEL, Standing, State
from runner.cli import prepared as snapshot_housekeeping
from runner.config import repositories as config
from runner.docker.engine import Engine
from runner.errors import ExitCode, UsageError
from runner.reporting.proof_log import seconds_since
from runner.terminal import Terminal
from runner.text import age, lines_of


def _checked_engine() -> Engine:
    engine = Engine()
    engine.check()
    return engine


def cleanup(
    words: Sequence[str],
    settings: config.Config,
    terminal: Terminal,
    *,
    everything: bool,
    snapshots: bool,
    dry_run: bool,
    timeout: float,
) -> ExitCode:
    """Remove what dead runs left: of every repository, of those named, or the environments named. `timeout` for each, seconds.

    `snapshots`: also the prepared databases of these repositories.

    LEFT_BEHIND if something resists. UsageError for a name that is neither, or is that of a run that lives.
    """
    engine = _checked_engine()
    found = janitor.standing(engine.labelled(REPOSITORY_LABEL))
    by_project = {each.project: each for each in found}
    named = [by_project[word] for word in words if word in by_project]
    for each in named:
        if each.state is State.LIVES and each.owner:
            raise UsageError(f"{each.project} belongs to a run that lives. End that first: kill {each.owner.pid}")
    repositories = [_repository(word, settings, found) for word in words if word not in by_project]
    if not words:
        repositories = list(settings.repositories)
    chosen = named + janitor.to_remove(found, repositories, everything=everything)
    for each in found:
        if each not in chosen and each.state in (State.KEPT, State.ELSEWHERE) and each.repository in repositories:
            terminal.line(f"{each.project}: left alone, it is {each.state.value}. To remove it, name it, or add --all")
    if not chosen:
        terminal.line(f"Nothing is left of dead runs of {', '.join(repositories)}.")
    complete = True
    if dry_run:
        for each in chosen:
            terminal.line(f"{each.project} ({each.state.value}): would be removed")
    else:
        complete = janitor.remove(chosen, terminal.line, timeout)
    # Afterwards, because a dead environment may still hold one.
    complete &= snapshot_housekeeping.clean(engine, terminal, repositories, everything=snapshots, dry_run=dry_run)
    return ExitCode.PASSED if complete else ExitCode.LEFT_BEHIND


def _repository(word: str, settings: config.Config, found: Sequence[Standing]) -> str:
    if word in settings.repositories:
        return word
    if word in {each.repository for each in found}:
        return word  # of another clone of this project on the machine
    if "-" in word and any(word.startswith(each.prefix) for each in settings.repositories.values()):
        raise UsageError(f"There is no environment {word} (any more). What stands: nox -s list")
    return settings.repository(word).name


def show(terminal: Terminal) -> ExitCode:
    """Print a table of every environment that stands, then one of the prepared databases."""
    engine = _checked_engine()
    found = janitor.standing(engine.labelled(REPOSITORY_LABEL))
    if found:
        for line in lines_of([("STATE", "PORT", "AGE", "OWNER", "PROJECT"), *map(_row, found)]):
            terminal.line(line)
    else:
        terminal.line("No environment stands.")
    snapshot_housekeeping.show(engine, terminal)
    return ExitCode.PASSED


def _row(each: Standing) -> tuple[str, str, str, str, str]:
    ports = ",".join(str(port) for port in each.ports) or "-"
    # Of one that is dead or kept the process is gone, and its number says nothing.
    pid = f"pid {each.owner.pid}" if each.owner and each.state is State.LIVES else "-"
    owner = f"on {each.owner.host}" if each.owner and not each.owner.is_on_this_host else pid
    return each.state.value, ports, _age(each.started), owner if each.owner else "unknown", each.project


def _age(started: str) -> str:
    try:
        return age(seconds_since(started))
    except ValueError:
        return "?"
