"""The guards of a run as one: that beside the runner and, where that may go together with it, one more at the engine."""

import contextlib
from collections.abc import Mapping

from runner.cleanup import keep
from runner.cleanup.engine_guard import EngineGuard, NoEngineGuard, is_wanted
from runner.cleanup.guard import Guard
from runner.cleanup.teardown import Report
from runner.docker import questions
from runner.docker.engine import Engine
from runner.docker.inventory import Image
from runner.environment.context import RunContext
from runner.environment.longest import longest_run
from runner.errors import EnvironmentFailed
from runner.reporting.proof_log import TEARDOWN_REPORT


class Guards:
    """The local guard stands from here on: EnvironmentFailed if it does not start. `told`: where guards are, for the log."""

    def __init__(self, context: RunContext, engine: Engine) -> None:
        self._context, self._engine = context, engine
        self._say = context.terminal.line
        report = context.folder / TEARDOWN_REPORT
        self._local = Guard(context.project, context.token, engine.endpoint, report, self._say, context.locks)
        self._at_engine: EngineGuard | None = None
        self._both_stand = False
        self.told = "local"

    def know_latency(self, seconds: float) -> None:
        """Tell how long the engine takes to answer, which makes a teardown longer."""
        self._local.latency = seconds

    def start_at_engine(self, engine_id: str, images: Mapping[str, Image], labels: Mapping[str, str]) -> None:
        """Start that at the engine, if there is to be one, which stands while the rest is decided. `images`: those known."""
        context, engine = self._context, self._engine
        if not is_wanted(context.repository.guard, engine.whereabouts):
            return
        name = context.repository.images.odoo
        image = images.get(name) or engine.ask(questions.image(name))
        # From here on there is something to remove.
        self._local.arm(engine_id, at_engine=True)
        longest = longest_run(context.options)
        self._at_engine = EngineGuard(engine, context.project, context.token, image=image, labels=labels, longest=longest)

    def expect(self, engine_id: str) -> None:
        """Have the local guard remove from here on what is made while the rest is decided. EnvironmentFailed if it is gone."""
        self._local.arm(engine_id)

    def arm(self, engine_id: str) -> None:
        """Have the end of this process mean teardown from here on, whatever ends it.

        EnvironmentFailed if the local guard is gone, or that at the engine does not stand though `guard: engine` wants it.
        """
        if not self._at_engine:
            self._local.arm(engine_id)
            return
        try:
            self._at_engine.wait_until_ready()
            self._both_stand, self.told = True, "local, and at the engine"
        except NoEngineGuard as reason:
            self._at_engine = None
            if self._context.repository.guard == "engine":
                raise EnvironmentFailed(
                    f"There is no guard at the engine (`guard: engine` in repos.yaml): {reason}. Nothing else was started."
                ) from reason
            self.told = f"local only; none at the engine: {reason}"
            self._say(f"  no guard at the engine, so what a killed runner leaves stays for a while: {reason}")

    def let_stand(self, labels: Mapping[str, str]) -> bool:
        """Mark the environment as kept, and have no guard remove it. Where that fails, say why, and return False."""
        try:
            keep.mark(self._context.folder)
            if self._at_engine:
                self._at_engine.remove()
        except (OSError, EnvironmentFailed) as error:
            keep.unmark(labels)
            why = "without its mark it would be taken for a leftover" if isinstance(error, OSError) else "its guard stays"
            self._say(f"  not kept: {why} ({error})")
            return False
        self._local.disarm()
        return True

    def finish(self, *, skip_settling: bool) -> Report | None:
        """Have the project torn down; the report, or None if nothing was armed. `skip_settling`: as of the local guard."""
        if self._both_stand and self._at_engine and self._at_engine.has_ended and self._local.is_armed:
            self._say("  the guard at the engine did not live as long as the run; the local one tears down")
        with self._context.terminal.phase("down") if self._local.is_armed else contextlib.nullcontext():
            report = self._local.finish(skip_settling=skip_settling)
        if self._at_engine:
            self._at_engine.close()
        return report
