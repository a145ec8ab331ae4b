"""Odoo's end: once its tests have ended, it has a bounded time to exit, and what keeps it from that is named.

With `--exitfirst` it is killed at the first test that fails.
"""

import time
from collections.abc import Callable

from runner.docker import questions
from runner.environment.environment import Environment
from runner.odoo.command import KILL_AFTER, kill_command, stop_command
from runner.verdict.odoolog import OdooLog
from runner.verdict.stacks import has_ended, why_killed

# Seconds from Odoo's result to its exit, of which it takes one.
PATIENCE = 30.0
# Seconds in which nothing comes before somebody looks how long it is.
SILENCE = 1.0
# Seconds that it may take the engine, beyond KILL_AFTER, to tell that a process was killed.
_MARGIN = 10.0
# In the place of seconds, where the tests' own time was over before.
PAST_THEIR_TIME = "before the tests' time was over (--test-timeout)"
# In bytes: of what Odoo prints after its result, and then after it was asked for its stacks, what is read for them.
_LONGEST = 1_000_000


class Ending:
    """The time that Odoo has after its result; `is_overdue` has to be asked again and again while its output is read."""

    def __init__(self, environment: Environment, log: OdooLog, clock: Callable[[], float] = time.monotonic) -> None:
        self._environment = environment
        self._log = log
        self._clock = clock
        self._due: float | None = None
        self._exit_first = environment.context.options.exit_first
        self._was_stopped = False
        self._is_cut_short = False
        self._printed = bytearray()

    def is_overdue(self, piece: bytes) -> bool:
        """Read a piece of output, and tell whether nothing more is to be waited for.

        After PATIENCE the stacks are asked for, and Odoo is killed. What a test begins after was no result.
        """
        if self._due is not None:
            self._printed += piece[: _LONGEST - len(self._printed)]
        if not self._was_stopped:
            self._wait_for_the_end()
        # Once the record of the failure has ended, or nothing came for a while: then its whole traceback is read.
        if self._exit_first and not self._was_stopped and (self._log.problem_counts or (not piece and self._log.is_failing)):
            self._was_stopped = self._is_cut_short = True
            self._stop(kill_command(), _MARGIN)
        if self._due is None or self._clock() < self._due:
            return False
        if self._was_stopped:
            return True
        self._was_stopped = True
        self._printed.clear()
        self._stop(stop_command(), KILL_AFTER + _MARGIN)
        return False

    @property
    def is_cut_short(self) -> bool:
        """Tell whether Odoo was killed, because a test had failed, before it had a result."""
        return self._is_cut_short and not self._log.results

    def _stop(self, command: list[str], patience: float) -> None:
        self._environment.engine.ask(questions.execution(self._environment.odoo_container, command))
        self._due = self._clock() + patience

    def _wait_for_the_end(self) -> None:
        if not has_ended(self._log):
            self._due = None
        elif self._due is None:
            self._due = self._clock() + PATIENCE

    def why_killed(self, exit_code: int, *, timed_out: bool) -> str:
        """Say that Odoo had to be killed although all its tests had ended, and what kept it; "" if it was not so.

        `exit_code` is that of its process, `timed_out` whether that was killed at the end of the tests' own time.
        """
        if self._is_cut_short or (not timed_out and not (self._was_stopped and exit_code in (124, 137, -1))):
            return ""
        within = f"within {PATIENCE:.0f} s" if self._was_stopped else PAST_THEIR_TIME
        return why_killed(self._log, self._printed.decode(errors="replace"), within)
