"""One process of Odoo that runs tests: its output goes to log and terminal while it comes, and is read."""

import time
from collections.abc import Callable, Sequence

from runner.environment.environment import Environment
from runner.odoo.command import DATABASE
from runner.reporting.proof_log import RunLog
from runner.run.ending import SILENCE, Ending
from runner.verdict.failed_checks import KILLED
from runner.verdict.odoolog import LoggedTest, OdooLog
from runner.verdict.record import Record


class OdooRun:
    """A process that has ended, or is waited for no longer: `log`, its `exit_code`, and how many `seconds` it took."""

    def __init__(
        self,
        environment: Environment,
        command: list[str],
        timeout: float,
        proof: RunLog,
        heed: Callable[[OdooLog, Sequence[Record | LoggedTest]], bool],
    ) -> None:
        """Run the command. `heed` is told what has begun in each piece of output, and whether to stop waiting, it tells.

        EnvironmentFailed if a container or the engine dies meanwhile.
        """
        self.log = OdooLog(DATABASE)
        self._ending = Ending(environment, self.log)
        begun = time.monotonic()
        execution = environment.execute(command, timeout, SILENCE)
        for piece in execution:
            if piece:
                proof.raw(piece)
                environment.context.terminal.output(piece)
                if heed(self.log, self.log.feed(piece)):
                    break
            if self._ending.is_overdue(piece):
                break
        execution.end()
        self.log.end()
        self.exit_code = execution.exit_code
        self.seconds = time.monotonic() - begun
        self.timed_out = self.exit_code in (124, KILLED) and self.seconds >= timeout

    @property
    def why_killed(self) -> str:
        """Say that it had to be killed although all its tests had ended, and what kept it; "" if it was not so."""
        return self._ending.why_killed(self.exit_code, timed_out=self.timed_out)
