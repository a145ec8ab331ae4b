"""The guard of one project, for as long as the run lives: when it is killed itself, another one takes its place."""

from collections.abc import Callable
from pathlib import Path

from runner.cleanup.guard import Guard, GuardFailed
from runner.cleanup.teardown import Report
from runner.errors import EnvironmentFailed


class GuardedProject:
    """A guard that stands from the beginning; its teardown is done also if it is killed.

    Without a guard nothing is started: EnvironmentFailed if it does not start, or is gone when it is to be armed.
    """

    def __init__(self, project: str, token: str, report_file: Path, say: Callable[[str], None]) -> None:
        self._project = project
        self._token = token
        self._report_file = report_file
        self._say = say
        try:
            self._guard = self._new_guard()
        except GuardFailed as error:
            raise _nothing_started(error) from error

    @property
    def is_armed(self) -> bool:
        """Whether there may be something to tear down."""
        return self._guard.is_armed

    def arm(self) -> None:
        """From here on the end of this process means teardown. EnvironmentFailed if the guard is gone."""
        try:
            self._guard.arm()
        except GuardFailed as error:
            raise _nothing_started(error) from error

    def release(self) -> None:
        """Let the environment stand. GuardFailed if the guard is gone."""
        self._guard.release()

    def finish(self, *, calm: bool) -> Report | None:
        """Have the project torn down and return the report; None if nothing was armed. GuardFailed if the guard was killed.

        `calm`: of the run no client that can create anything was killed or given up.
        """
        if calm and self.is_armed:
            self._guard.calm()
        return self._guard.finish(self._say_that_it_takes_long)

    def finish_by_another(self, failure: GuardFailed) -> Report:
        """The guard itself was killed: the teardown is done all the same, by a new one. The failure is in the report."""
        self._say(f"  {str(failure).rstrip('.')}. A new one tears down.")
        try:
            guard = self._new_guard()
            guard.arm()
            report = guard.finish(self._say_that_it_takes_long)
        except GuardFailed as again:
            report = Report(left={"unknown": [f"whatever has the label of project {self._project}"]}, errors=[str(again)])
        assert report
        report.errors.insert(0, str(failure))
        return report

    def _new_guard(self) -> Guard:
        return Guard(self._project, self._token, self._report_file)

    def _say_that_it_takes_long(self) -> None:
        self._say("  the teardown takes longer than usual; it is tried for at most 120 s")


def _nothing_started(error: GuardFailed) -> EnvironmentFailed:
    return EnvironmentFailed(f"{str(error).rstrip('.')}. Nothing was started.")
