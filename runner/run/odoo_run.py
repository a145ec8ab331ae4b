"""One process of Odoo that runs tests: its output goes to log and terminal while it comes, and is read."""

import time
from collections.abc import Callable, Sequence

from runner.config.options import Debugger
from runner.environment.environment import Environment
from runner.odoo.command import DATABASE
from runner.reporting.proof_log import RunLog
from runner.run.ending import SILENCE, Ending
from runner.run.telling import Telling
from runner.verdict.failed_checks import KILLED
from runner.verdict.odoolog import LoggedTest, OdooLog
from runner.verdict.record import Record


class OdooRun:
    """A process that has ended, or is waited for no longer: `log`, its `exit_code`, and how many `seconds` it took.

    `is_cut_short`: it was killed at the first test that failed, of which `log` tells, and of none that began later.
    """

    def __init__(
        self,
        environment: Environment,
        command: list[str],
        timeout: float,
        proof: RunLog,
        telling: Telling,
        heed: Callable[[OdooLog, Sequence[Record | LoggedTest]], bool],
    ) -> None:
        """Run the command, and tell of it by `telling`. `heed`, from what has begun in a piece, says whether to stop waiting.

        With pdb at the terminal of this process, where a person sees all of it.
        EnvironmentFailed if a container or the engine dies meanwhile.
        """
        self.log = OdooLog(DATABASE)
        self._ending = Ending(environment, self.log)
        is_attended = environment.context.options.debugger is Debugger.PDB
        started = time.monotonic()
        if is_attended:
            environment.context.terminal.catch_up()
        execution = environment.execute(command, timeout, SILENCE, is_attended=is_attended)
        telling.begin(self.log)
        try:
            for piece in execution:
                if piece:
                    proof.raw(piece)
                    environment.context.terminal.output(piece)
                    begun = self.log.feed(piece)
                    telling.heed(begun)
                    if heed(self.log, begun):
                        break
                if self._ending.is_overdue(piece):
                    break
            execution.end()
        finally:
            self.log.end()
            telling.end()
        self.exit_code = execution.exit_code
        self.seconds = time.monotonic() - started
        self.is_cut_short = self._ending.is_cut_short
        if self.is_cut_short:
            self.log.forget_unfinished()
        self.timed_out = self.exit_code in (124, KILLED) and self.seconds >= timeout and not self.is_cut_short

    @property
    def why_killed(self) -> str:
        """Say that it had to be killed although all its tests had ended, and what kept it; "" if it was not so."""
        return self._ending.why_killed(self.exit_code, timed_out=self.timed_out)
