"""Compare what the container has and Odoo loads with this checkout: before anything is tested, and again after the tests."""

from collections.abc import Mapping, Sequence

from runner.docker import questions
from runner.docker.engine import Pending
from runner.environment.environment import Environment
from runner.environment.visible import unreadable
from runner.errors import EnvironmentFailed, ExitCode
from runner.odoo.command import PROGRAMS
from runner.odoo.mounted_sources import Answer, read_answer
from runner.verdict.verdict import Verdict

_NOT_TESTED = "Nothing was tested."
# Exit codes of `docker exec` for a program that is not there, or cannot be run.
_NO_PROGRAM = (126, 127)


class Comparison:
    """The comparison of one run."""

    def __init__(self, environment: Environment, *, is_settled: bool = False) -> None:
        """`is_settled`: the container had the sources of this checkout before, so that copies would change nothing."""
        self._environment = environment
        self._is_settled = is_settled
        self._sources = environment.sources
        self._before = Answer()
        environment.first_command = self._sources.command

    def check(self) -> Verdict | None:
        """Return a verdict where Odoo would load other modules of these names, so that nothing need be tested; else None.

        EnvironmentFailed, with the files, if the container has other sources than this checkout, or Odoo cannot read them;
        or if it lacks a program.
        """
        self._before = answer = read(self._environment.first_answer())
        if answer.missing:
            raise EnvironmentFailed(_without_programs(", ".join(answer.missing)))
        if files := self._sources.unreadable(answer):
            return self._with_copies(unreadable(files, "Odoo's user in the container", _NOT_TESTED))
        if not (self._sources.are(answer) or self._sources.read_again().are(answer)) and (differences := self._differences()):
            lines = [
                f"The container has other sources than this checkout. {_NOT_TESTED}",
                *(f"  {difference}" for difference in differences),
                "The compose file must mount ${ODOO_ADDONS} as /mnt/extra-addons.",
                "What was saved while it was copied is not in the container: run again."
                if self._sources.are_copied
                else "The engine mounts what its own machine has at that path: set `sources: copy` in repos.yaml.",
            ]
            return self._with_copies("\n".join(lines))
        if reasons := self._sources.elsewhere(answer):
            return Verdict(int(ExitCode.NOT_PROVEN), self._environment.context.module, reasons=tuple(reasons))
        return None

    def _with_copies(self, why: str) -> Verdict | None:
        """Check once more, with copies of the sources. EnvironmentFailed, which says why, if there can be none."""
        environment = self._environment
        if self._is_settled or not environment.copies.may_be_more:
            raise EnvironmentFailed(why)
        first, second, *_ = why.splitlines()
        environment.first_command = self._sources.command
        environment.start_over_with_copies(f"{first.partition('.')[0]}: {second.strip()}")
        return self.check()

    @property
    def beside(self) -> list[str]:
        """The modules of the repository, but those compared, that Odoo would load from elsewhere."""
        return list(self._sources.elsewhere_beside(self._before))

    def prefetch(self, places: Sequence[str] | None) -> Pending[tuple[int, str]]:
        """Ask again, now that Odoo has told in which places it looks for modules."""
        command = self._sources.command(places)
        return self._environment.engine.prefetch(questions.execution(self._environment.odoo_container, command))

    def reasons_after(self, pending: Pending[tuple[int, str]], states: Mapping[str, str] | str) -> list[str]:
        """Return what speaks against tests that passed: sources that changed meanwhile, or modules from elsewhere."""
        answer = read(pending.result())
        reasons = self._sources.elsewhere(answer)
        installed = [name for name, state in states.items() if state == "installed"] if isinstance(states, Mapping) else []
        beside = self._sources.elsewhere_beside(answer)
        reasons += [beside[name] for name in installed if name in beside]
        if answer.digests != self._before.digests:
            changed = self._differences() or ["and are again as they were"]
            reasons.append(f"the sources changed while the tests ran: {'; '.join(changed)}")
        return reasons

    def _differences(self) -> list[str]:
        """Ask for all files, and say which are not as they are here, or were when the tests began."""
        environment = self._environment
        command = self._sources.command(in_full=True)
        answer = read(environment.engine.ask(questions.execution(environment.odoo_container, command)))
        return self._sources.differences(answer)


def read(answer: tuple[int, str]) -> Answer:
    """Read what the container said of its sources. EnvironmentFailed where that is not understood."""
    exit_code, text = answer
    try:
        if exit_code == 0:
            return read_answer(text)
    except ValueError as error:
        raise EnvironmentFailed(f"What the container says of its sources is not understood: {error}") from error
    if exit_code in _NO_PROGRAM:
        raise EnvironmentFailed(f"{_without_programs('python3')}\n{text.strip()[-500:]}")
    raise EnvironmentFailed(
        f"The container's sources cannot be compared with this checkout; `python3` there said: {text.strip()[-500:]}"
    )


def _without_programs(names: str) -> str:
    return f"The odoo service has no {names} in its PATH. {_NOT_TESTED} The image needs python3, {', '.join(PROGRAMS)}."
